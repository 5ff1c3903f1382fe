package dev.waybill.kafka;

import java.util.concurrent.TimeUnit;

/**
 * Until when the records of a poll are locked. Kafka does not say when it acquired a record, only that it did so after the
 * client asked; and the client may have asked long before the poll that returns it, since it fetches from several brokers
 * at once and keeps what one poll does not take. What is certain: a record was acquired after the last poll that returned
 * none, because that one would have returned it. So the lock is counted from there. Used by one thread.
 */
final class LockClock {
    /** How stale the certainty may become, as a part of the lock, before a poll that does not wait renews it. */
    private static final int STALE_PART = 8;

    private long lockNanos;
    private long emptyAt;
    private boolean known;

    LockClock(long lockMillis) {
        lockMillis(lockMillis);
    }

    void lockMillis(long millis) {
        lockNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    }

    long lockNanos() {
        return lockNanos;
    }

    /** Whether to ask without waiting first, so as to know that the client holds nothing old. */
    boolean stale(long now) {
        return !known || now - emptyAt > lockNanos / STALE_PART;
    }

    /** A poll that began at this time has returned nothing. */
    void empty(long began) {
        emptyAt = began;
        known = true;
    }

    /** When the locks of what a poll returns end at the earliest. */
    long lockedUntil(long pollBegan) {
        return (known ? emptyAt : pollBegan) + lockNanos;
    }
}
