package dev.waybill.convoy;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where convoys are kept, for any number of processes. Thread-safe. Every method throws a {@link ConvoyStoreException} if the store
 * cannot be asked.
 */
public interface ConvoyStore {

    /** The longest name of a machine, a key or a message. */
    int LONGEST_NAME = 128;

    /** How much of what is to be sent is brought into memory at once: {@link Transaction#outgoing}. */
    int MOST_OUTGOING_BYTES = 8 << 20;

    /** Begins to read and change, all at once in the end. */
    Transaction begin();

    /**
     * Convoys in the order of their keys.
     *
     * @param after the last key that is not wanted any more; empty to begin
     */
    List<StoredConvoy> list(String machine, ConvoyFilter filter, String after, int limit);

    /** All that is known of a convoy. */
    Optional<ConvoyDetails> show(String machine, String key);

    /** How many convoys there are, and what waits. A store may have to count them all. */
    ConvoyCensus census(String machine);

    /** Reads and changes. Not thread-safe; to be closed, which undoes what was not committed. */
    interface Transaction extends AutoCloseable {

        /** The convoy, as it is now, and whether it knows the message. */
        Loaded load(String machine, String key, String messageId);

        /** The convoy's messages that are held, in order. */
        List<HeldMessage> held(StoredConvoy convoy);

        /** The same for those who look for one: {@link HeldMessage#order} and {@link HeldMessage#messageId} are right, the rest may be empty. */
        default List<HeldMessage> heldIds(StoredConvoy convoy) {
            return held(convoy);
        }

        /**
         * Convoys about which something is to be done, those first that have waited longest. Until the transaction ends no other
         * gets them from here.
         */
        List<StoredConvoy> due(String machine, int limit);

        /** How many milliseconds it is until more is due, of what is not due yet; {@link Long#MAX_VALUE} if nothing is. */
        long untilDue(String machine);

        /** Milliseconds since 1970 by the store's clock; since this transaction has read something. */
        long now();

        /**
         * Changes a convoy.
         *
         * @throws StaleConvoyException now or at the {@link #commit}, if it is not as it was before
         */
        void save(Change change);

        /** Forgets a convoy and its history, but not what it has sent; as {@link #save}. */
        void delete(StoredConvoy convoy);

        /**
         * Messages that are to be sent, in order, none of them before another of its convoy; together no more than
         * {@link #MOST_OUTGOING_BYTES}, unless the first alone has more. Until the transaction ends no other gets them.
         */
        List<Outgoing> outgoing(String machine, int limit);

        /** These are in their queues. */
        void sent(Collection<Outgoing> messages);

        /** These are not; they are to be tried again after so long. */
        void postpone(Collection<Outgoing> messages, long millis);

        /**
         * Keeps all of it.
         *
         * @throws StaleConvoyException if somebody else has changed a convoy meanwhile; then nothing is kept
         * @throws IllegalStateException if the store would never take what was changed, as when an action has broken its transaction
         */
        void commit();

        /** What the application may write to in this transaction. */
        <T> Optional<T> unwrap(Class<T> type);

        @Override
        void close();
    }

    /**
     * What was found.
     *
     * @param convoy null if there is none
     * @param known whether the message was handled, or is held
     */
    record Loaded(@Nullable StoredConvoy convoy, boolean known) {}

    /**
     * How a convoy changes.
     *
     * @param before of version 0 if it begins
     * @param after with a version one higher
     * @param history what has happened; none or one entry, of that version
     * @param hold messages to hold from now on
     * @param release messages to hold no longer
     * @param send messages to send
     * @param keep how many entries of the history, the newest, remain with these; 0 if all do. Messages of others are known no longer
     */
    record Change(
            StoredConvoy before,
            StoredConvoy after,
            List<HistoryEntry> history,
            List<HeldMessage> hold,
            List<HeldMessage> release,
            List<Outgoing> send,
            int keep) {

        /** The whole history remains. */
        public Change(
                StoredConvoy before,
                StoredConvoy after,
                List<HistoryEntry> history,
                List<HeldMessage> hold,
                List<HeldMessage> release,
                List<Outgoing> send) {
            this(before, after, history, hold, release, send, 0);
        }

        /** Only the convoy itself. */
        static Change of(StoredConvoy before, StoredConvoy after) {
            return new Change(before, after, List.of(), List.of(), List.of(), List.of());
        }

        /** It holds one more. */
        static Change holding(StoredConvoy before, StoredConvoy after, HeldMessage message) {
            return new Change(
                    before, after.withHeld(after.held() + 1), List.of(), List.of(message), List.of(), List.of());
        }

        /** It holds one less, for which something may be sent. */
        static Change releasing(StoredConvoy before, StoredConvoy after, HeldMessage message, List<Outgoing> send) {
            return new Change(before, after.withHeld(after.held() - 1), List.of(), List.of(), List.of(message), send);
        }
    }
}
