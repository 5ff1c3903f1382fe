package dev.waybill.kafka;

/** How many records a poll may bring, by prefetch. */
final class PollSize {
    /** From here on polls take whole record batches, which is several times as fast; below, exactly as many as asked. */
    static final int WHOLE_BATCHES_FROM = 128;

    private static final int LARGEST = 500;

    private PollSize() {}

    /** Half of the prefetch, so that one worker fetches while another's messages are handled. */
    static int of(int prefetch) {
        return Math.max(1, Math.min(LARGEST, prefetch / 2));
    }

    static String acquireMode(int pollSize) {
        return wholeBatches(pollSize) ? "batch_optimized" : "record_limit";
    }

    static boolean wholeBatches(int pollSize) {
        return pollSize * 2 >= WHOLE_BATCHES_FROM;
    }
}
