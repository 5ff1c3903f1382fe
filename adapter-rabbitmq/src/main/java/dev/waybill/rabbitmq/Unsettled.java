package dev.waybill.rabbitmq;

import java.util.BitSet;

/**
 * The delivery tags of one channel that are not settled, to find out up to which tag one multiple acknowledgement may go. Tags
 * are consecutive from 1. Not thread-safe.
 */
final class Unsettled {
    private static final int REBASE = 8192;

    private final BitSet settled = new BitSet();
    private long base = 1;
    private int low;

    /** Marks a tag; each at most once. */
    void settle(long tag) {
        settled.set((int) (tag - base));
    }

    /** Every tag below this one is settled. */
    long lowest() {
        low = settled.nextClearBit(low);
        if (low > REBASE) {
            rebase();
        }
        return base + low;
    }

    private void rebase() {
        BitSet rest = settled.get(low, settled.length());
        settled.clear();
        settled.or(rest);
        base += low;
        low = 0;
    }
}
