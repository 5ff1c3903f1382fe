package dev.waybill.benchmarks;

import java.util.function.LongConsumer;

/** Which of consecutive numbers are done; at most {@link #MOST} lie between the lowest that is not and the highest that is. */
final class Confirms {
    static final int MOST = 4096;

    private final boolean[] done = new boolean[MOST];
    private long lowest = 1;

    /**
     * Marks a number, or all up to it.
     *
     * @return how many are newly done
     */
    int take(long number, boolean multiple) {
        return take(number, multiple, fresh -> {});
    }

    /** The same, and tells each that is newly done. */
    int take(long number, boolean multiple, LongConsumer each) {
        int fresh = 0;
        for (long n = multiple ? lowest : number; n <= number; n++) {
            int slot = (int) (n % MOST);
            if (n >= lowest && !done[slot]) {
                done[slot] = true;
                fresh++;
                each.accept(n);
            }
        }
        while (done[(int) (lowest % MOST)]) {
            done[(int) (lowest % MOST)] = false;
            lowest++;
        }
        return fresh;
    }

    /** The highest number up to which all are done; 0 if none. */
    long contiguous() {
        return lowest - 1;
    }
}
