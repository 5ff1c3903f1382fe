package dev.waybill.kafka;

import java.util.concurrent.TimeUnit;

/**
 * The clock by which the leader of one partition stamps what it appends, as far as it is certain to have gone: a message whose
 * time has come by this clock is not early, however wrong the clock of this machine is. Belongs to one thread.
 */
final class LogClock {
    private static final long TRUSTED_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** That clock less ours. Only sums and differences with {@code nanoTime} mean something, so it may wrap. */
    private long aheadNanos;

    private boolean known;
    private boolean measured;
    private long measuredAt;

    /** Whether it is to be measured, for the first time or once more: either clock may have been set. */
    boolean doubtful(long nanos) {
        return !measured || nanos - measuredAt > TRUSTED_NANOS;
    }

    /**
     * Something of ours was stamped a moment ago.
     *
     * @param timestamp what it was stamped with
     * @param nanos when we were told
     */
    void measured(long timestamp, long nanos) {
        aheadNanos = ahead(timestamp, nanos);
        known = true;
        measured = true;
        measuredAt = nanos;
    }

    /** Something was received that was stamped with this, at any time before. */
    void seen(long timestamp, long nanos) {
        long ahead = ahead(timestamp, nanos);
        if (!known || ahead - aheadNanos > 0) {
            aheadNanos = ahead;
            known = true;
        }
    }

    private static long ahead(long timestamp, long nanos) {
        return TimeUnit.MILLISECONDS.toNanos(timestamp) - nanos;
    }

    /**
     * How long ago that was stamped, at least, in milliseconds. A stamp leaves out up to a millisecond, which counts as not
     * passed.
     */
    long sinceStamped(long timestamp, long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(aheadNanos + nanos - TimeUnit.MILLISECONDS.toNanos(timestamp)) - 1;
    }
}
