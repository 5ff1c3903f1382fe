package dev.waybill.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Counts until a number is reached or something has failed. Thread-safe; costs one atomic addition a message. */
final class Tally {
    private static final long LONGEST_SILENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    private final AtomicLong count = new AtomicLong();
    private volatile @Nullable Throwable failure;

    long add(int number) {
        return count.addAndGet(number);
    }

    void fail(Throwable cause) {
        failure = cause;
    }

    /**
     * Waits.
     *
     * @throws BenchmarkException if something has failed, or the count has not changed for a minute
     */
    void await(long number) {
        long last = -1;
        long changed = System.nanoTime();
        while (true) {
            Throwable cause = failure;
            if (cause != null) {
                throw new BenchmarkException("a message failed: " + cause.getMessage(), cause);
            }
            long now = count.get();
            if (now >= number) {
                return;
            }
            if (now != last) {
                last = now;
                changed = System.nanoTime();
            } else if (System.nanoTime() - changed > LONGEST_SILENCE_NANOS) {
                throw new BenchmarkException("stuck at " + now + " of " + number + " messages", null);
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
    }

    long count() {
        return count.get();
    }
}
