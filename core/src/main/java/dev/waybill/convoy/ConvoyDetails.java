package dev.waybill.convoy;

import java.util.List;

/**
 * All that is known of a convoy.
 *
 * @param convoy where it is
 * @param history how it came there, oldest first; without what was too long ago, see {@link #forgotten}
 * @param held its messages that are held, in order
 * @param outgoing how many messages of it are still to be sent
 */
public record ConvoyDetails(StoredConvoy convoy, List<HistoryEntry> history, List<HeldMessage> held, long outgoing) {

    /** How many entries of the history are gone: see {@link StateMachine.Builder#keepHistory}. */
    public long forgotten() {
        return convoy.steps() - history.size();
    }
}
