package dev.waybill.examples.demo;

/**
 * The ledger's sums. Each message that was sent is counted under exactly one of processed, dead and lost.
 *
 * @param sent stored by the broker
 * @param processed handled by a consumer at least once
 * @param dead in the dead-letter queue, and never processed
 * @param redriven sent from there to their queue again; they are processed, dead or lost like any other
 * @param lost neither
 * @param duplicates how many more times than once messages were processed or dead-lettered
 * @param unflagged those of the duplicates that were not flagged as redelivered: an error
 * @param altered processed with another digest than was sent: an error
 * @param unsent refused by the broker: an error of another kind
 */
record Totals(
        int sent,
        int processed,
        int dead,
        long redriven,
        int lost,
        int duplicates,
        int unflagged,
        int altered,
        int unsent) {

    /** Whether everything came through: nothing lost or altered, no duplicate unflagged, nothing refused. */
    boolean clean() {
        return lost == 0 && unflagged == 0 && altered == 0 && unsent == 0;
    }

    String line() {
        return "sent=" + sent + " processed=" + processed + " dead=" + dead + " redriven=" + redriven + " lost=" + lost
                + " duplicates=" + duplicates;
    }
}
