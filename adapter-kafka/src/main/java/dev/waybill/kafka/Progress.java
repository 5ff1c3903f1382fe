package dev.waybill.kafka;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.jspecify.annotations.Nullable;

/**
 * How far a partition is done with, whose records are finished in any order. The group is told the lowest that is not, and, beside it
 * ({@link Mark}), which above it are, and up to where any may have been handed over; so that whoever has the partition next repeats
 * nothing that is finished, and knows what may come for a second time. Not thread-safe.
 */
final class Progress {
    /** What is handed over without being told the group before: the price is what is flagged after a crash without need. */
    static final int RESERVE = 50_000;

    /** The broker takes 4096 characters beside an offset, unless it is configured for less. */
    static final int LONGEST = 3_000;

    /** Fetched and not finished. */
    private final TreeSet<Long> unfinished = new TreeSet<>();
    /** What those before us have finished, from each start up to its end. */
    private final NavigableMap<Long, Long> finishedBefore;

    /** Below it those before us may have handed over. */
    private final long suspect;
    /** The lowest that was not finished when we took over, and how many in a row have died with it. */
    private final long lowest;

    private final int deaths;

    /** Whether something has changed since the group was told. */
    private boolean untold;

    /** The first that is not fetched. */
    private long next;
    /** The first that nobody has handed over, neither we nor those before us. */
    private long handedOver;
    /** Below it records may be handed over, as the group knows. */
    private long reserved;

    private Progress(long position, Mark mark) {
        next = position;
        lowest = position;
        finishedBefore = new TreeMap<>(mark.finished());
        suspect = mark.reserved();
        // Who ends in order says so; who does not has died, perhaps of the message that it had longest.
        deaths = mark.clean() ? mark.deaths() : mark.deaths() + 1;
        handedOver = suspect;
        // Not those that others had reserved: a death of them is counted only if the group has heard of us before it.
        reserved = position;
    }

    /**
     * As the group knows it.
     *
     * @param position where the consumer would read on
     * @param end of the log
     * @param committed null if the group has committed nothing: then nothing was handed over
     */
    static Progress from(long position, long end, @Nullable OffsetAndMetadata committed) {
        if (committed == null) {
            return new Progress(position, new Mark(true, position, 0, new TreeMap<>()));
        }
        Mark mark = Mark.parse(committed.offset(), committed.metadata());
        // Other software, or who has set the offset by hand, does not say what it has handed over.
        return new Progress(position, mark == null ? new Mark(true, end, 0, new TreeMap<>()) : mark);
    }

    /** A record was fetched; false if it is finished already. */
    boolean fetched(long offset) {
        untold = true;
        next = offset + 1;
        Map.Entry<Long, Long> before = finishedBefore.floorEntry(offset);
        if (before != null && offset < before.getValue()) {
            return false;
        }
        unfinished.add(offset);
        return true;
    }

    /** Whether it may have been handed over before. */
    boolean repeated(long offset) {
        return offset < suspect;
    }

    /** Which delivery it is, as far as anybody counts. */
    int deliveryCount(long offset) {
        if (!repeated(offset)) {
            return 1;
        }
        return offset == lowest ? Math.max(2, 1 + deaths) : 2;
    }

    /** Whether it may be handed over. */
    boolean mayHandOver(long offset) {
        return offset < reserved;
    }

    void handOver(long offset) {
        handedOver = Math.max(handedOver, offset + 1);
    }

    void finish(long offset) {
        untold |= unfinished.remove(offset);
    }

    boolean untold() {
        return untold;
    }

    /** What the group was to be told has not reached it. */
    void tellAgain() {
        untold = true;
    }

    /** The lowest that is not finished. */
    private long base() {
        return unfinished.isEmpty() ? next : unfinished.first();
    }

    /** What the group is to be told. */
    OffsetAndMetadata open() {
        untold = false;
        return told(false, next + RESERVE);
    }

    /** What the group is to be told at the end, when nothing that was handed over is being handled any more. */
    OffsetAndMetadata clean() {
        return told(true, handedOver);
    }

    private OffsetAndMetadata told(boolean clean, long reserve) {
        long base = base();
        Mark mark = new Mark(clean, Math.max(base, reserve), base == lowest ? deaths : 0, finished(base));
        return new OffsetAndMetadata(base, mark.text(base));
    }

    /** The group knows what {@link #open} said then. */
    void told(OffsetAndMetadata said) {
        Mark mark = Mark.parse(said.offset(), said.metadata());
        if (mark != null) {
            reserved = Math.max(reserved, mark.reserved());
        }
    }

    private NavigableMap<Long, Long> finished(long base) {
        NavigableMap<Long, Long> finished = new TreeMap<>();
        long from = base;
        for (long open : unfinished) {
            if (open > from) {
                finished.put(from, open);
            }
            from = open + 1;
        }
        if (next > from) {
            finished.put(from, next);
        }
        // Nor is forgotten what we have not fetched again.
        finishedBefore.forEach((start, end) -> {
            if (end > next) {
                finished.put(Math.max(start, next), end);
            }
        });
        return finished;
    }

    /**
     * Whether so much is finished here and there that the group could hardly be told more, and something is being handled that will
     * close a gap: what others have finished further on closes none until it is fetched.
     */
    boolean full(OffsetAndMetadata said) {
        return !unfinished.isEmpty() && said.metadata().length() > LONGEST;
    }
}
