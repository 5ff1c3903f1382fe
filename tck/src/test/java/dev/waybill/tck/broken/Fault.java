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
    /** What comes again has lost the headers of its application. */
    FORGETS_THE_HEADERS(Rule.E5_1),
    /** What is given back untried counts as a delivery. */
    COUNTS_A_RELEASE(Rule.B2_2),
    /** Sends are not delayed. */
    DELAYS_NOTHING(Rule.Q8_1),
    /** What is given back to wait comes at once. */
    RETRIES_AT_ONCE(Rule.D2_1),
    /** Whoever sends a delayed message waits until it is due. */
    WAITS_IN_LINE(Rule.Q8_2),
    /** What cannot be read is deleted. */
    DROPS_POISON(Rule.D8_2),
    /** Headers that it does not know are left out. */
    DROPS_UNKNOWN_HEADERS(Rule.D8_3),
    /** A dead letter that was refused is reported as stored, so that its message is acknowledged. */
    SWALLOWS_A_REFUSED_DEAD_LETTER(Rule.D9_1),
    /** What is given back at its last delivery is gone. */
    LOSES_AT_THE_LIMIT(Rule.D9_3),
    /** All lanes of a queue are the same place. */
    LANES_ARE_ONE(Rule.P1_2),
    /** A broker that keeps priorities apart is not told of them. */
    FORGETS_THE_PRIORITY(Rule.P1_2),
    /** What was delayed comes among those that have a priority, and has none. */
    FORGETS_THE_PRIORITY_OF_WHAT_WAITS(Rule.P1_3),
    /** What was fetched and not handed over stays locked at the stop. */
    KEEPS_WHAT_IT_HAS_FETCHED(Rule.P1_5),
    /** Now and then a message is sent behind some that come after it. */
    SENDS_OUT_OF_ORDER(Rule.C1_1),
    /** A queue that is ordered by key is one like any other. */
    KEYS_ARE_SHARED(Rule.C1_5),
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
