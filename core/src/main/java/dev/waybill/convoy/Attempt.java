package dev.waybill.convoy;

import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What may find that somebody else has been faster. */
interface Attempt<T, X extends Exception> {
    T make() throws X;

    /** Makes one attempt more as long as somebody else has been faster, each after a longer pause: 1 to 3 ms, then up to 0.3 s. */
    static <T, X extends Exception> T untilCurrent(Attempt<T, X> attempt) throws X {
        for (int failures = 1; ; failures++) {
            try {
                return attempt.make();
            } catch (StaleConvoyException faster) {
                Pause.LOG.debug("looking again: {}", faster.getMessage());
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(Pause.MILLIS.apply(failures)));
            }
        }
    }

    /** How long, varied by a half, since those who have met would meet again. */
    final class Pause {
        private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);
        private static final IntervalFunction MILLIS =
                IntervalFunction.ofExponentialRandomBackoff(Duration.ofMillis(2), 2.0, 0.5, Duration.ofMillis(200));

        private Pause() {}
    }
}
