package dev.waybill.inmemory;

import org.jspecify.annotations.Nullable;

/**
 * The locked messages of a queue, by the end of their locks: these have one duration, so that whichever was locked or extended
 * last ends last. Linked through the receipts, so that nothing is allocated. Guarded by the queue's lock.
 */
final class Locks {
    private @Nullable Receipt first;
    private @Nullable Receipt last;
    private int size;

    int size() {
        return size;
    }

    @Nullable
    Receipt first() {
        return first;
    }

    void append(Receipt receipt) {
        receipt.previous = last;
        receipt.next = null;
        if (last == null) {
            first = receipt;
        } else {
            last.next = receipt;
        }
        last = receipt;
        size++;
    }

    void remove(Receipt receipt) {
        Receipt previous = receipt.previous;
        Receipt next = receipt.next;
        if (previous == null) {
            first = next;
        } else {
            previous.next = next;
        }
        if (next == null) {
            last = previous;
        } else {
            next.previous = previous;
        }
        receipt.previous = null;
        receipt.next = null;
        size--;
    }
}
