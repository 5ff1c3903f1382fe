package dev.waybill.rabbitmq;

import java.util.BitSet;

/**
 * Which delivery tags of one channel are settled, to find out up to which tag one multiple acknowledgement may go. Tags are
 * consecutive from 1. Not thread-safe.
 */
final class Unsettled {
    private static final int REBASE = 8192;

    private final BitSet settled = new BitSet();
    private long base = 1;
    private int low;
    private long count;

    /** Marks a tag; to mark it again does nothing. */
    void settle(long tag) {
        if (tag >= base && !settled.get((int) (tag - base))) {
            settled.set((int) (tag - base));
            count++;
        }
    }

    /** How many are marked, since the channel was opened. */
    long count() {
        return count;
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
