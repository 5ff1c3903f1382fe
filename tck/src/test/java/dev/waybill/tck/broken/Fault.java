package dev.waybill.tck.broken;

import dev.waybill.tck.Rule;

/** What an adapter may do wrong, and the rule that must find it out. */
public enum Fault {
    /** A message that is given back is gone. */
    LOSES_ON_RETURN(Rule.Q2_1),
    /** A message is deleted when it is handed over. */
    ACKNOWLEDGES_EARLY(Rule.Q2_4),
    /** Some messages are delivered a second time as if it were the first. */
    DELIVERS_TWICE(Rule.Q1_2),
    /** Batches come the wrong way round. */
    REORDERS(Rule.Q3_1),
    /** What is not settled at the close stays locked. */
    LEAKS_ON_CLOSE(Rule.Q6_2),
    /** Every delivery is the first. */
    IGNORES_THE_DELIVERY_COUNT(Rule.D1_1),
    /** An extension is reported and not made. */
    FORGETS_THE_LOCK(Rule.Q2_5),
    /** A failed send is reported as stored. */
    SWALLOWS_A_SEND_ERROR(Rule.Q1_8),
    /** Headers arrive without their capitals and blanks. */
    CORRUPTS_HEADERS(Rule.Q1_5),
    /** A lost connection is never reported. */
    HIDES_A_LOST_CONNECTION(Rule.Q10_1),
    /** What comes again is not flagged. */
    FORGETS_THE_REDELIVERY_FLAG(Rule.Q2_2),
    /** A queue that differs from its declaration is taken as it is. */
    DIFFERENCES_GO_UNSEEN(Rule.E3_3);

    private final Rule found;

    Fault(Rule found) {
        this.found = found;
    }

    public Rule foundBy() {
        return found;
    }
}
