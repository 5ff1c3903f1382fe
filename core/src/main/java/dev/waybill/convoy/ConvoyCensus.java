package dev.waybill.convoy;

import java.util.Map;

/**
 * How many convoys of a state machine a store has, and what waits there.
 *
 * @param convoys how many, by state and status; none of a pair that is missing
 * @param held how many messages are held
 * @param due about how many convoys something is due that nobody has done yet, such as a time-out
 * @param dueMillis for how long the first of these has been due
 * @param outgoing how many messages are still to be sent
 * @param outgoingMillis for how long the oldest of these has been there
 */
public record ConvoyCensus(
        Map<Group, Long> convoys, long held, long due, long dueMillis, long outgoing, long outgoingMillis) {

    /** Convoys that are in the same state, and doing alike. */
    public record Group(String state, ConvoyStatus status) {}
}
