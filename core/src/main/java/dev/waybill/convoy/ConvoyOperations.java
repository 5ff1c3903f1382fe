package dev.waybill.convoy;

import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;

/**
 * What people do about the convoys of a state machine. Needs the store and no more: the processes that run the machine see to what is
 * asked for, within a second or so. Thread-safe. Every method throws a {@link ConvoyStoreException} if the store cannot be asked.
 */
public final class ConvoyOperations {
    private final ConvoyStore store;
    private final String machine;

    /** @param machine the name of the state machine */
    public ConvoyOperations(ConvoyStore store, String machine) {
        this.store = Objects.requireNonNull(store, "store");
        this.machine = Objects.requireNonNull(machine, "machine");
    }

    /**
     * Convoys in the order of their keys.
     *
     * @param after the last key that is not wanted any more; empty to begin
     * @param limit how many at most, 1 to 10,000
     */
    public List<StoredConvoy> list(ConvoyFilter filter, String after, int limit) {
        if (limit < 1 || limit > 10_000) {
            throw new IllegalArgumentException("limit is " + limit + " but must be 1 to 10000");
        }
        return store.list(machine, filter, after, limit);
    }

    /**
     * A convoy with its history.
     *
     * @throws ConvoyException if there is none
     */
    public ConvoyDetails show(String key) {
        return store.show(machine, key).orElseThrow(() -> missing(key));
    }

    private ConvoyException missing(String key) {
        return new ConvoyException("there is no convoy '" + key + "' of " + machine);
    }

    /**
     * Has a convoy that is stuck try again what has failed, and go on with what it holds.
     *
     * @throws ConvoyException if there is none, or if it is not stuck
     */
    public StoredConvoy retry(String key) {
        return change(key, "retry", (transaction, convoy) -> {
            demandStuck(convoy);
            return new Decision(convoy.next(ConvoyStatus.RESUMED, transaction.now()), List.of());
        });
    }

    /**
     * Has a convoy that is stuck drop the message that has failed, and go on with the others. If it was a time-out that has failed, its
     * time begins anew.
     *
     * @throws ConvoyException if there is none, or if it is not stuck
     */
    public StoredConvoy skip(String key) {
        return change(key, "skip", (transaction, convoy) -> {
            demandStuck(convoy);
            StoredConvoy resumed = convoy.next(ConvoyStatus.RESUMED, transaction.now());
            String failed = convoy.failedMessage();
            if (failed == null) {
                // A state whose alert was given has no time-out that could have failed.
                return new Decision(convoy.alerted() ? resumed : resumed.withSince(transaction.now()), List.of());
            }
            for (HeldMessage held : transaction.heldIds(convoy)) {
                if (held.messageId().equals(failed)) {
                    return new Decision(resumed.withHeld(convoy.held() - 1), List.of(held));
                }
            }
            return new Decision(resumed, List.of());
        });
    }

    /**
     * Ends a convoy where it is, with what it holds. Messages that come for it later are late.
     *
     * @throws ConvoyException if there is none, or if it has ended
     */
    public StoredConvoy cancel(String key) {
        return change(key, "cancel", (transaction, convoy) -> {
            if (convoy.ended()) {
                throw new ConvoyException(convoy + " has ended");
            }
            long now = transaction.now();
            return new Decision(
                    convoy.next(ConvoyStatus.CANCELLED, now).withSince(now).withHeld(0), transaction.heldIds(convoy));
        });
    }

    /** How many convoys there are, and what waits. The store may have to count them all: not to be asked all the time. */
    public ConvoyCensus census() {
        return store.census(machine);
    }

    private record Decision(StoredConvoy after, List<HeldMessage> dropped) {
        /** Of the message that will not be handled even if it comes again. */
        String messageId() {
            return dropped.size() == 1 ? dropped.get(0).messageId() : "";
        }
    }

    private StoredConvoy change(String key, String event, BiFunction<Transaction, StoredConvoy, Decision> decide) {
        return Attempt.untilCurrent(() -> {
            try (Transaction transaction = store.begin()) {
                StoredConvoy convoy = found(transaction, key);
                Decision decision = decide.apply(transaction, convoy);
                StoredConvoy after = decision.after.withStep();
                HistoryEntry entry = new HistoryEntry(
                        after.version(), transaction.now(), decision.messageId(), event, convoy.state(), after.state());
                transaction.save(new Change(convoy, after, List.of(entry), List.of(), decision.dropped, List.of()));
                transaction.commit();
                return after;
            }
        });
    }

    private StoredConvoy found(Transaction transaction, String key) {
        StoredConvoy convoy = transaction.load(machine, key, "").convoy();
        if (convoy == null) {
            throw missing(key);
        }
        return convoy;
    }

    private static void demandStuck(StoredConvoy convoy) {
        if (convoy.status() != ConvoyStatus.STUCK) {
            throw new ConvoyException(convoy + " is not stuck");
        }
    }
}
