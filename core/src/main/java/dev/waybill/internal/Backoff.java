package dev.waybill.internal;

import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;

/** How long to wait before a broken connection is tried again: 50 ms, doubling to 10 s, each varied by a half. */
final class Backoff {
    private static final IntervalFunction INTERVAL =
            IntervalFunction.ofExponentialRandomBackoff(Duration.ofMillis(50), 2.0, 0.5, Duration.ofSeconds(10));

    private int failures;

    /** Counts a failure and says how many milliseconds to wait. */
    long nextMillis() {
        failures = Math.min(failures + 1, 30);
        return INTERVAL.apply(failures);
    }

    void reset() {
        failures = 0;
    }
}
