package dev.waybill.inmemory;

import dev.waybill.spi.Envelope;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Messages in the order of their arrival, which those keep that come back: whatever has been delivered came before whatever
 * has not, so the returned ones, sorted, go first.
 */
final class Lane {
    private final int index;
    private final ArrayDeque<Envelope> fresh = new ArrayDeque<>();
    private final PriorityQueue<Receipt> returned = new PriorityQueue<>(Comparator.comparingLong(Receipt::sequence));
    private long nextSequence;

    Lane(int index) {
        this.index = index;
    }

    boolean isEmpty() {
        return fresh.isEmpty() && returned.isEmpty();
    }

    boolean hasReturned() {
        return !returned.isEmpty();
    }

    void add(Envelope envelope) {
        fresh.addLast(envelope);
    }

    void giveBack(Receipt receipt) {
        returned.add(receipt);
    }

    Receipt take(InMemoryReceiver receiver, long lockedUntil) {
        Receipt before = returned.poll();
        if (before != null) {
            return new Receipt(before, receiver, lockedUntil);
        }
        return new Receipt(fresh.removeFirst(), receiver, index, nextSequence++, lockedUntil);
    }
}
