package dev.waybill.convoy;

import dev.waybill.Delivery;
import dev.waybill.Outcome;
import dev.waybill.OutcomeHandler;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Loaded;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.StateMachine.Position;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes convoys forward with each message, and with what is held when its state has come. A message is accepted after the last step
 * that it makes possible, so that a crash in between has it come again, and what is left be done then.
 */
final class ConvoyHandler<S extends Enum<S>, E, D> implements OutcomeHandler<E> {
    private static final Logger LOG = LoggerFactory.getLogger(ConvoyHandler.class);

    private final ConvoySteps<S, E, D> steps;
    private final StateMachine<S, E, D> machine;
    private final Queue<E> queue;
    private final Producer<E> requeue;
    private final Runnable due;

    private static final int MOST_FAILED_HERE = 10_000;

    /** By convoy, the message behind which something has failed here, and that so comes again. */
    private final Map<String, String> failedHere = new ConcurrentHashMap<>();

    /**
     * @param requeue sends to the queue of the convoys
     * @param due told when there is something to do for whoever looks at what is due
     */
    ConvoyHandler(ConvoySteps<S, E, D> steps, Producer<E> requeue, Runnable due) {
        this.steps = steps;
        machine = steps.machine();
        queue = steps.queue();
        this.requeue = requeue;
        this.due = due;
    }

    @Override
    public Outcome handle(Delivery<E> delivery) throws Exception {
        String key = delivery.key().orElse(null);
        if (key == null) {
            return Outcome.deadLetter("it has no key, and so belongs to no convoy of " + machine.name());
        }
        if (key.length() > ConvoyStore.LONGEST_NAME) {
            return Outcome.deadLetter("its key has " + key.length() + " characters, and no store takes more than "
                    + ConvoyStore.LONGEST_NAME);
        }
        Event<E> event = Event.of(key, delivery);
        boolean failedBefore = event.id().equals(failedHere.remove(key));
        try {
            Taken taken;
            try {
                taken = steps.untilCurrent(key, () -> take(event, failedBefore));
                if (taken.requeues) {
                    requeue.sendAndWait(event.copy(event.requeues() + 1).build());
                }
            } catch (Throwable failure) {
                if (comesAgain(delivery, failure)
                        || machine.skipsFailed()
                        || !steps.stick(key, event, event.id(), failure)) {
                    throw failure;
                }
                return Outcome.accept();
            }
            if (taken.holds) {
                passHeld(event, delivery);
            }
            return taken.outcome;
        } catch (ConvoyStoreException down) {
            steps.listeners().storeFailed();
            LOG.warn("{} of {} waits for the convoy store: {}", delivery.id(), delivery.queue(), down.toString());
            return Outcome.release();
        }
    }

    /** Takes the convoy forward with what it holds, without what fails as often as it may. */
    private void passHeld(Event<E> event, Delivery<E> delivery) throws Exception {
        String key = event.key();
        HeldPass<S, E, D> pass = new HeldPass<>(steps, key);
        boolean more = true;
        while (more) {
            try {
                pass.run();
                more = false;
            } catch (Throwable failure) {
                if (comesAgain(delivery, failure) && !steps.drops(pass.current(), failure)) {
                    if (!(failure instanceof ConvoyStoreException)) {
                        remember(event);
                    }
                    throw failure;
                }
                more = steps.giveUp(key, pass.current(), failure);
            }
        }
    }

    private void remember(Event<E> event) {
        if (failedHere.size() >= MOST_FAILED_HERE) {
            // Those that went to another process. Who is forgotten is taken for one that comes again after a crash.
            failedHere.clear();
        }
        failedHere.put(event.key(), event.id());
    }

    /** Whether the queue's retry policy, or the engine, has the last word; also if the failure is none of the message's. */
    private boolean comesAgain(Delivery<E> delivery, Throwable failure) {
        if (failure instanceof InterruptedException || failure instanceof ConvoyStoreException) {
            return true;
        }
        RetryPolicy.Decision worth = queue.retry().decide(failure);
        boolean last = worth == RetryPolicy.Decision.DEAD_LETTER
                || worth == RetryPolicy.Decision.RETRY && delivery.deliveryCount() >= queue.maxDeliveries();
        return !last;
    }

    /**
     * What becomes of a message.
     *
     * @param holds whether something is held that may go through now
     * @param requeues whether it goes to the end of its queue first
     */
    private record Taken(Outcome outcome, boolean holds, boolean requeues) {
        static Taken only(Outcome outcome) {
            return new Taken(outcome, false, false);
        }
    }

    /** @param failedBefore whether something has failed here behind the message, which is why it comes */
    private Taken take(Event<E> event, boolean failedBefore) throws Exception {
        try (Transaction transaction = steps.store().begin()) {
            Loaded loaded = transaction.load(machine.name(), event.key(), event.id());
            StoredConvoy convoy = steps.convoy(loaded, transaction, event.key());
            boolean goesOnLater = convoy.status() != ConvoyStatus.RUNNING || convoy.held() == 0;
            if (loaded.known() && (goesOnLater || !machine.isBehind(convoy))) {
                return again(transaction, convoy, event, failedBefore);
            }
            if (convoy.status() == ConvoyStatus.STUCK || convoy.status() == ConvoyStatus.RESUMED) {
                return Taken.only(hold(transaction, convoy, event));
            }
            if (convoy.status() == ConvoyStatus.CANCELLED) {
                return untimely(transaction, convoy, event, machine.late());
            }
            if (machine.isBehind(convoy)) {
                // As while one version takes the place of another: it waits for a process of the later one.
                LOG.warn("message {} waits: a later version of {} has stored {}", event.id(), machine, convoy);
                return Taken.only(Outcome.release());
            }
            Position<S, D> position = machine.read(convoy);
            Transition<S, E, D, ? extends E> transition =
                    machine.decide(position.state(), position.data(), event.payload());
            Untimely untimely = transition.untimely();
            if (untimely != null) {
                return untimely(transaction, convoy, event, untimely);
            }
            steps.take(transaction, convoy, position, transition, event, List.of());
            return new Taken(Outcome.accept(), convoy.held() > 0, false);
        }
    }

    /**
     * A message that was handled, or is held. It may be from before a crash: then nobody has sent it twice, and what it has made possible
     * may not be done. Perhaps a process has died of that, and so would this one: whoever looks at what is due counts how often.
     */
    private Taken again(Transaction transaction, StoredConvoy convoy, Event<E> event, boolean failedBefore) {
        boolean holds = convoy.held() > 0 && convoy.status() != ConvoyStatus.RESUMED;
        boolean rejects = machine.duplicate() == Untimely.REJECT;
        boolean redelivered = (holds || rejects) && event.redelivered().getAsBoolean();
        if (holds && redelivered && !failedBefore && convoy.status() != ConvoyStatus.STUCK) {
            ConvoyStatus status = convoy.ended() ? convoy.status() : ConvoyStatus.RESUMED;
            transaction.save(Change.of(convoy, convoy.next(status, transaction.now())));
            transaction.commit();
            due.run();
            return Taken.only(Outcome.accept());
        }
        Outcome outcome = rejects && !redelivered ? Outcome.deadLetter(convoy + " had it before") : Outcome.accept();
        return new Taken(outcome, holds, false);
    }

    private Taken untimely(Transaction transaction, StoredConvoy convoy, Event<E> event, Untimely untimely)
            throws Exception {
        return switch (untimely) {
            case HOLD -> Taken.only(hold(transaction, convoy, event));
            case REQUEUE -> requeue(convoy, event);
            case REJECT -> Taken.only(Outcome.deadLetter(notAwaited(convoy, event)));
            case IGNORE -> {
                LOG.debug("message {} is ignored: {}", event.id(), notAwaited(convoy, event));
                yield Taken.only(Outcome.accept());
            }
        };
    }

    /** It is sent when the transaction has ended, which is not to wait for the broker. */
    private Taken requeue(StoredConvoy convoy, Event<E> event) {
        int requeues = event.requeues();
        if (requeues >= queue.maxDeliveries()) {
            return Taken.only(Outcome.deadLetter(
                    "it went to the end of the queue " + requeues + " times; " + notAwaited(convoy, event)));
        }
        if (requeues > 0 && !event.redelivered().getAsBoolean()) {
            // It would go round in circles while there is nothing else.
            return Taken.only(Outcome.release());
        }
        return new Taken(Outcome.accept(), false, true);
    }

    private static String notAwaited(StoredConvoy convoy, Event<?> event) {
        return event.type() + " is not awaited by " + convoy;
    }

    private Outcome hold(Transaction transaction, StoredConvoy before, Event<E> event) throws Exception {
        if (before.held() >= machine.maxHeld()) {
            if (before.status() == ConvoyStatus.RESUMED) {
                // It is about to go on with them.
                return Outcome.release();
            }
            return Outcome.deadLetter(before + " holds " + before.held() + " messages already");
        }
        StoredConvoy after = ConvoySteps.unmoved(before);
        transaction.save(Change.holding(before, after, event.hold(after.version(), queue)));
        transaction.commit();
        steps.listeners().tell(on -> on.held(machine.name(), event.key(), event.id()));
        return Outcome.accept();
    }
}
