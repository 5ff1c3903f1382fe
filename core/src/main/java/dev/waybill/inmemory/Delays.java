package dev.waybill.inmemory;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What is not to be delivered yet, by its time. Guarded by the queue's lock. */
final class Delays {
    private final PriorityQueue<Waiting> waiting =
            new PriorityQueue<>(Comparator.comparingLong(Waiting::dueNanos).thenComparingLong(Waiting::number));
    private long number;

    private record Waiting(long dueNanos, long number, Consumer<ReadyMessages> becomesReady) {}

    void add(long dueNanos, Consumer<ReadyMessages> becomesReady) {
        waiting.add(new Waiting(dueNanos, number++, becomesReady));
    }

    void becomeReady(long now, ReadyMessages ready) {
        for (Waiting next = waiting.peek(); next != null && next.dueNanos - now <= 0; next = waiting.peek()) {
            waiting.remove();
            next.becomesReady.accept(ready);
        }
    }

    int size() {
        return waiting.size();
    }

    /** How long until the next is due; the longest there is if none is. */
    long nanosToNext(long now) {
        @Nullable Waiting next = waiting.peek();
        return next == null ? Long.MAX_VALUE : Math.max(1, next.dueNanos - now);
    }
}
