package dev.waybill.kafka;

import java.util.concurrent.TimeUnit;

/**
 * Until when the records of a poll are locked. Kafka does not say when it acquired a record; it was after the poll began, and
 * just before the answer, for which this allows some time. Used by one thread.
 */
final class LockClock {
    private static final long LONGEST_ANSWER_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int ANSWER_PART = 8;

    private long lockNanos;

    LockClock(long lockMillis) {
        lockMillis(lockMillis);
    }

    void lockMillis(long millis) {
        lockNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    }

    long lockNanos() {
        return lockNanos;
    }

    long lockedUntil(long pollBegan, long pollReturned) {
        long answerBegan = pollReturned - Math.min(LONGEST_ANSWER_NANOS, lockNanos / ANSWER_PART);
        return (answerBegan - pollBegan > 0 ? answerBegan : pollBegan) + lockNanos;
    }
}
