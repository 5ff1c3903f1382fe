package dev.waybill.convoy;

import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.StateMachine.Position;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes a convoy forward with what it holds, as far as that goes. */
final class HeldPass<S extends Enum<S>, E, D> {
    private final ConvoySteps<S, E, D> steps;
    private final String key;
    private @Nullable HeldMessage current;
    private List<HeldMessage> held = List.of();
    private long version = -1;

    HeldPass(ConvoySteps<S, E, D> steps, String key) {
        this.steps = steps;
        this.key = key;
    }

    void run() throws Exception {
        boolean more = true;
        while (more) {
            more = steps.untilCurrent(key, this::step);
        }
    }

    /** What it was at when it failed. */
    @Nullable
    HeldMessage current() {
        return current;
    }

    /** Whether there may be more. */
    private boolean step() throws Exception {
        current = null;
        try (Transaction transaction = steps.store().begin()) {
            StoredConvoy convoy = steps.find(transaction, key);
            if (convoy == null
                    || convoy.status() == ConvoyStatus.STUCK
                    || steps.machine().isBehind(convoy)) {
                return false;
            }
            if (convoy.held() > 0 && oneMoves(transaction, convoy)) {
                return true;
            }
            if (convoy.status() == ConvoyStatus.RESUMED) {
                goOn(transaction, convoy);
            }
            return false;
        }
    }

    private boolean oneMoves(Transaction transaction, StoredConvoy convoy) throws Exception {
        if (convoy.version() != version || isDoubtful(convoy)) {
            held = new ArrayList<>(transaction.held(convoy));
        }
        Position<S, D> position = steps.machine().read(convoy);
        for (HeldMessage message : held) {
            current = message;
            if (moves(transaction, convoy, position, message)) {
                held.remove(message);
                version = convoy.version() + 1;
                return true;
            }
        }
        current = null;
        return false;
    }

    /** Whether a process may have died of what it holds. */
    private static boolean isDoubtful(StoredConvoy convoy) {
        return convoy.status() != ConvoyStatus.RUNNING && convoy.failures() > 1;
    }

    /** Whether it is held no longer, or is named as that of which this process may die. */
    private boolean moves(Transaction transaction, StoredConvoy convoy, Position<S, D> position, HeldMessage message)
            throws Exception {
        Event<E> event = Event.of(key, message, steps.queue());
        Transition<S, E, D, ? extends E> transition =
                steps.machine().decide(position.state(), position.data(), event.payload());
        Untimely untimely = transition.untimely();
        if (untimely == null) {
            if (isDoubtful(convoy) && !message.messageId().equals(convoy.failedMessage())) {
                StoredConvoy named = ConvoySteps.unmoved(convoy)
                        .withFailure(convoy.failures(), message.messageId(), convoy.failure());
                transaction.save(Change.of(convoy, named));
                transaction.commit();
                return true;
            }
            steps.take(transaction, convoy, position, transition, event, List.of(message));
            return true;
        }
        switch (untimely) {
            case HOLD, REQUEUE -> {
                return false;
            }
            case REJECT -> steps.giveBack(transaction, convoy, message, event);
            case IGNORE -> {
                transaction.save(Change.releasing(convoy, ConvoySteps.relieved(convoy), message, List.of()));
                transaction.commit();
            }
        }
        return true;
    }

    private void goOn(Transaction transaction, StoredConvoy convoy) {
        S state = steps.machine().read(convoy).state();
        StoredConvoy after;
        if (steps.machine().isTerminal(state)) {
            after = convoy.next(ConvoyStatus.DONE, convoy.since() + steps.keepMillis());
        } else {
            Timeout<S, D> timeout = steps.machine().timeout(state);
            boolean given = timeout != null && timeout.stays(state) && convoy.alerted();
            after = convoy.next(ConvoyStatus.RUNNING, given ? 0 : steps.timeoutAt(state, convoy.since()));
        }
        transaction.save(Change.of(convoy, after));
        transaction.commit();
    }
}
