package dev.waybill.kafka;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What was read of one partition of a delay topic and is not moved on yet, in the order of the log. Belongs to one thread. */
final class DelayPartition {
    /** With so many it reads no further. */
    static final int FULL = 500;

    private static final long FULL_BYTES = 1024 * 1024;

    private final int level;
    private final LogClock clock = new LogClock();
    private final Deque<ConsumerRecord<byte[], byte[]>> waiting = new ArrayDeque<>();
    private long bytes;

    DelayPartition(int level) {
        this.level = level;
    }

    int level() {
        return level;
    }

    LogClock clock() {
        return clock;
    }

    void add(List<ConsumerRecord<byte[], byte[]>> records, long nanos) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            clock.seen(record.timestamp(), nanos);
            waiting.add(record);
            bytes += size(record);
        }
    }

    private static long size(ConsumerRecord<byte[], byte[]> record) {
        return Math.max(0L, record.serializedKeySize()) + Math.max(0L, record.serializedValueSize());
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    boolean full() {
        return waiting.size() >= FULL || bytes >= FULL_BYTES;
    }

    /** Whether there is room for as much again. */
    boolean roomy() {
        return waiting.size() <= FULL / 2 && bytes <= FULL_BYTES / 2;
    }

    /** What waits, the first first. */
    Iterable<ConsumerRecord<byte[], byte[]>> waiting() {
        return waiting;
    }

    /** The first so many have been moved on. */
    void moved(int count) {
        for (int i = 0; i < count; i++) {
            bytes -= size(waiting.remove());
        }
    }

    /** What stands before this offset has been moved on. */
    void movedBefore(long offset) {
        while (!waiting.isEmpty() && waiting.element().offset() < offset) {
            bytes -= size(waiting.remove());
        }
    }

    /** How long that record is still to be kept here, in milliseconds; 0 or less when its time has come. */
    long leftHere(ConsumerRecord<byte[], byte[]> record, long nanos) {
        return DelayLevels.share(level, DelayedRecord.millis(record)) - clock.sinceStamped(record.timestamp(), nanos);
    }

    /** How long that record is still to wait altogether, in milliseconds; 0 or less when its time has come. */
    long left(ConsumerRecord<byte[], byte[]> record, long nanos) {
        return DelayedRecord.millis(record) - clock.sinceStamped(record.timestamp(), nanos);
    }

    /** How long the first is still to be kept here, in milliseconds; {@code Long.MAX_VALUE} if there is none. */
    long leftHere(long nanos) {
        ConsumerRecord<byte[], byte[]> first = waiting.peek();
        return first == null ? Long.MAX_VALUE : leftHere(first, nanos);
    }
}
