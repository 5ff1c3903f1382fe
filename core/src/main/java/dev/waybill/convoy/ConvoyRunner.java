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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes convoys forward: with each message, with what is held when its state has come, and when time is up. Each step is one
 * transaction of the store. A message is accepted after the last step that it makes possible, so that a crash in between has it come
 * again, and what is left be done then.
 */
final class ConvoyRunner<S extends Enum<S>, E, D> implements OutcomeHandler<E> {
    private static final Logger LOG = LoggerFactory.getLogger(ConvoyRunner.class);
    private static final int BATCH = 500;
    /** How long a convoy that is to go on is left to the process that began with it. */
    private static final long RESUME_MILLIS = 60_000;

    private static final int LONGEST_FAILURE = 1000;

    private final StateMachine<S, E, D> machine;
    private final Queue<E> queue;
    private final ConvoyStore store;
    private final Map<String, Queue<?>> queues;
    private final Producer<E> requeue;
    private final long keepMillis;
    private final ConvoyListener listener;
    private final Runnable sends;

    /**
     * @param queues to which actions may send, by name
     * @param requeue sends to the queue of the convoys
     * @param keepMillis how long a convoy is kept that has ended
     * @param sends told when there is something to send
     */
    ConvoyRunner(
            StateMachine<S, E, D> machine,
            Queue<E> queue,
            ConvoyStore store,
            Map<String, Queue<?>> queues,
            Producer<E> requeue,
            long keepMillis,
            ConvoyListener listener,
            Runnable sends) {
        this.machine = machine;
        this.queue = queue;
        this.store = store;
        this.queues = queues;
        this.requeue = requeue;
        this.keepMillis = keepMillis;
        this.listener = listener;
        this.sends = sends;
    }

    @Override
    public Outcome handle(Delivery<E> delivery) throws Exception {
        String key = delivery.key().orElse(null);
        if (key == null) {
            return Outcome.deadLetter("it has no key, and so belongs to no convoy of " + machine.name());
        }
        Event<E> event = Event.of(key, delivery);
        try {
            Taken taken;
            try {
                taken = take(event);
            } catch (Exception failure) {
                return failed(delivery, event, failure);
            }
            if (taken.holds) {
                HeldPass pass = new HeldPass(key);
                try {
                    pass.run();
                } catch (Exception failure) {
                    return failedInPass(delivery, pass, failure);
                }
            }
            return taken.outcome;
        } catch (ConvoyStoreException down) {
            LOG.warn("{} of {} waits for the convoy store: {}", delivery.id(), delivery.queue(), down.toString());
            return Outcome.release();
        }
    }

    /**
     * What becomes of a message.
     *
     * @param holds whether something is held that may go through now
     */
    private record Taken(Outcome outcome, boolean holds) {
        static Taken only(Outcome outcome) {
            return new Taken(outcome, false);
        }
    }

    /** One message, until nobody has been faster. */
    private Taken take(Event<E> event) throws Exception {
        while (true) {
            try {
                return tryToTake(event);
            } catch (StaleConvoyException faster) {
                LOG.debug("looking again: {}", faster.getMessage());
            }
        }
    }

    private Taken tryToTake(Event<E> event) throws Exception {
        try (Transaction transaction = store.begin()) {
            Loaded loaded = transaction.load(machine.name(), event.key(), event.id());
            StoredConvoy convoy = convoy(loaded, transaction, event.key());
            if (loaded.known()) {
                Outcome outcome = machine.duplicate() == Untimely.IGNORE
                        ? Outcome.accept()
                        : Outcome.deadLetter(convoy + " had it before");
                // It may be from before a crash, and what it has made possible not be done.
                return new Taken(outcome, convoy.held() > 0);
            }
            if (convoy.status() == ConvoyStatus.STUCK || convoy.status() == ConvoyStatus.RESUMED) {
                return Taken.only(hold(transaction, convoy, event));
            }
            if (convoy.status() == ConvoyStatus.CANCELLED) {
                return Taken.only(untimely(transaction, convoy, event, machine.late()));
            }
            Position<S, D> position = machine.read(convoy);
            Transition<S, E, D, ? extends E> transition =
                    machine.decide(position.state(), position.data(), event.payload());
            Untimely untimely = transition.untimely();
            if (untimely != null) {
                return Taken.only(untimely(transaction, convoy, event, untimely));
            }
            StepImpl<D> step = step(transaction, event.key(), position);
            transition.run(step, event.payload());
            Runnable told = save(transaction, convoy, position, step, transition.to(), event, List.of());
            transaction.commit();
            told.run();
            return new Taken(Outcome.accept(), convoy.held() > 0);
        }
    }

    /** As it is, or as it is before its first message. */
    private StoredConvoy convoy(Loaded loaded, Transaction transaction, String key) {
        StoredConvoy convoy = loaded.convoy();
        if (convoy != null) {
            return convoy;
        }
        long now = transaction.now();
        return new StoredConvoy(
                machine.name(),
                key,
                machine.start().name(),
                ConvoyStatus.RUNNING,
                0,
                machine.version(),
                machine.encode(machine.initial(key)),
                now,
                now,
                timeoutAt(machine.start(), now),
                0,
                0,
                null,
                null);
    }

    private StepImpl<D> step(Transaction transaction, String key, Position<S, D> position) {
        return new StepImpl<>(key, position.data(), transaction, queues);
    }

    /** Saves the step that a message has made; returns what to do when that is kept. */
    private Runnable save(
            Transaction transaction,
            StoredConvoy before,
            Position<S, D> position,
            StepImpl<D> step,
            @Nullable S to,
            Event<E> event,
            List<HeldMessage> release) {
        S next = to == null ? position.state() : to;
        StoredConvoy after =
                moved(transaction.now(), before, position.state(), next, step.data(), before.held() - release.size());
        transaction.save(new Change(
                before,
                after,
                List.of(entry(after, transaction.now(), event.id(), event.type(), position.state())),
                List.of(),
                release,
                step.outgoing()));
        return () -> {
            tellOfSends(step);
            tell(on -> on.moved(
                    machine.name(), step.key(), event.type(), position.state().name(), next.name()));
        };
    }

    private StoredConvoy moved(long now, StoredConvoy before, S from, S to, D data, int held) {
        boolean begins = before.version() == 0 || from != to;
        long since = begins ? now : before.since();
        ConvoyStatus status = ConvoyStatus.RUNNING;
        long due;
        if (machine.isTerminal(to)) {
            status = ConvoyStatus.DONE;
            // What is still held is to leave first.
            due = now + (held > 0 ? RESUME_MILLIS : keepMillis);
        } else if (before.status() == ConvoyStatus.RESUMED) {
            status = ConvoyStatus.RESUMED;
            due = before.dueAt();
        } else {
            due = begins ? timeoutAt(to, now) : before.dueAt();
        }
        return new StoredConvoy(
                machine.name(),
                before.key(),
                to.name(),
                status,
                before.version() + 1,
                machine.version(),
                machine.encode(data),
                before.createdAt(),
                since,
                due,
                held,
                0,
                null,
                null);
    }

    private long timeoutAt(S state, long since) {
        Timeout<S, D> timeout = machine.timeout(state);
        return timeout == null ? 0 : since + timeout.after().toMillis();
    }

    private HistoryEntry entry(StoredConvoy after, long now, String messageId, String event, S from) {
        return new HistoryEntry(after.version(), now, messageId, event, from.name(), after.state());
    }

    private Outcome untimely(Transaction transaction, StoredConvoy convoy, Event<E> event, Untimely untimely)
            throws Exception {
        switch (untimely) {
            case HOLD -> {
                return hold(transaction, convoy, event);
            }
            case IGNORE -> {
                LOG.debug("message {} is ignored: {}", event.id(), notAwaited(convoy, event));
                return Outcome.accept();
            }
            case REQUEUE -> {
                int requeues = event.requeues();
                if (requeues == queue.maxDeliveries()) {
                    return Outcome.deadLetter(
                            "it went to the end of the queue " + requeues + " times; " + notAwaited(convoy, event));
                }
                if (requeues > 0 && !event.redelivered().getAsBoolean()) {
                    // It would go round in circles while there is nothing else.
                    return Outcome.release();
                }
                requeue.sendAndWait(event.copy(requeues + 1).build());
                return Outcome.accept();
            }
            case REJECT -> {
                return Outcome.deadLetter(notAwaited(convoy, event));
            }
        }
        throw new IllegalStateException(untimely.toString());
    }

    private String notAwaited(StoredConvoy convoy, Event<E> event) {
        return event.type() + " is not awaited by " + convoy;
    }

    private Outcome hold(Transaction transaction, StoredConvoy before, Event<E> event) throws Exception {
        if (before.held() >= machine.maxHeld()) {
            return Outcome.deadLetter(before + " holds " + before.held() + " messages already");
        }
        StoredConvoy after = unmoved(before);
        List<HeldMessage> hold = List.of(event.hold(after.version(), queue));
        transaction.save(new Change(before, after.withHeld(after.held() + 1), List.of(), hold, List.of(), List.of()));
        transaction.commit();
        tell(on -> on.held(machine.name(), event.key(), event.id()));
        return Outcome.accept();
    }

    /** Its next version, in the same state. */
    private static StoredConvoy unmoved(StoredConvoy before) {
        return before.next(before.status(), before.dueAt());
    }

    // What fails

    private Outcome failed(Delivery<E> delivery, Event<E> event, Exception failure) throws Exception {
        if (!isLast(delivery, failure) || machine.skipsFailed()) {
            throw failure;
        }
        stick(event.key(), event, event.id(), failure);
        return Outcome.accept();
    }

    private Outcome failedInPass(Delivery<E> delivery, HeldPass pass, Exception failure) throws Exception {
        HeldMessage culprit = pass.current;
        if (!isLast(delivery, failure)) {
            throw failure;
        }
        if (culprit != null && machine.skipsFailed()) {
            giveBack(pass.key, culprit);
        } else {
            stick(pass.key, null, culprit == null ? null : culprit.messageId(), failure);
        }
        return Outcome.accept();
    }

    private boolean isLast(Delivery<E> delivery, Exception failure) throws Exception {
        if (failure instanceof InterruptedException || failure instanceof ConvoyStoreException) {
            throw failure;
        }
        RetryPolicy.Decision worth = queue.retry().decide(failure);
        return worth == RetryPolicy.Decision.DEAD_LETTER
                || worth == RetryPolicy.Decision.RETRY && delivery.deliveryCount() >= queue.maxDeliveries();
    }

    /** Nothing more happens to the convoy until somebody decides. */
    private void stick(String key, @Nullable Event<E> event, @Nullable String culprit, Exception failure)
            throws Exception {
        String text = text(failure);
        while (true) {
            try (Transaction transaction = store.begin()) {
                StoredConvoy before = convoy(transaction.load(machine.name(), key, ""), transaction, key);
                List<HeldMessage> hold = List.of();
                StoredConvoy stuck = before.next(ConvoyStatus.STUCK, 0).withFailure(1, culprit, text);
                if (event != null) {
                    // It came before all that is held.
                    List<HeldMessage> held = transaction.held(before);
                    hold = List.of(event.hold(
                            held.isEmpty() ? stuck.version() : held.get(0).order() - 1, queue));
                    stuck = stuck.withHeld(stuck.held() + 1);
                }
                transaction.save(new Change(before, stuck, List.of(), hold, List.of(), List.of()));
                transaction.commit();
                LOG.warn("{} is stuck at message {}: {}", stuck, culprit, text);
                tell(on -> on.stuck(machine.name(), key, text));
                return;
            } catch (StaleConvoyException faster) {
                LOG.debug("looking again: {}", faster.getMessage());
            }
        }
    }

    private static String text(Exception failure) {
        String text = failure.toString();
        return text.length() > LONGEST_FAILURE ? text.substring(0, LONGEST_FAILURE) : text;
    }

    /** What was held goes to its queue again, where it takes the way of a message that is not awaited, or that fails. */
    private void giveBack(String key, HeldMessage held) throws Exception {
        try (Transaction transaction = store.begin()) {
            StoredConvoy before = transaction.load(machine.name(), key, "").convoy();
            if (before == null) {
                return;
            }
            saveGivenBack(transaction, before, held, Event.of(key, held, queue));
            transaction.commit();
            sends.run();
        } catch (StaleConvoyException faster) {
            // Whoever was has looked at what is held.
            LOG.debug("left alone: {}", faster.getMessage());
        }
    }

    private StoredConvoy saveGivenBack(Transaction transaction, StoredConvoy before, HeldMessage held, Event<E> event)
            throws Exception {
        StoredConvoy after = unmoved(before).withHeld(before.held() - 1);
        Outgoing back =
                Letter.of(event.key(), queue, event.copy(event.requeues()).build(), held.body());
        transaction.save(new Change(before, after, List.of(), List.of(), List.of(held), List.of(back)));
        return after;
    }

    // What is held

    /** Takes a convoy forward with what it holds, as far as that goes. */
    private final class HeldPass {
        final String key;
        /** What it is at. */
        @Nullable
        HeldMessage current;

        private List<HeldMessage> held = List.of();
        private long version = -1;

        HeldPass(String key) {
            this.key = key;
        }

        void run() throws Exception {
            boolean more = true;
            while (more) {
                try {
                    more = step();
                } catch (StaleConvoyException faster) {
                    LOG.debug("looking again: {}", faster.getMessage());
                }
            }
        }

        private boolean step() throws Exception {
            current = null;
            try (Transaction transaction = store.begin()) {
                StoredConvoy convoy = transaction.load(machine.name(), key, "").convoy();
                if (convoy == null || convoy.status() == ConvoyStatus.STUCK) {
                    return false;
                }
                if (convoy.held() > 0) {
                    if (convoy.version() != version) {
                        held = new ArrayList<>(transaction.held(convoy));
                    }
                    Position<S, D> position = machine.read(convoy);
                    for (HeldMessage message : held) {
                        current = message;
                        if (moves(transaction, convoy, position, message)) {
                            held.remove(message);
                            version = convoy.version() + 1;
                            return true;
                        }
                    }
                    current = null;
                }
                if (convoy.status() == ConvoyStatus.RESUMED) {
                    goOn(transaction, convoy);
                }
                return false;
            }
        }

        /** Whether it is held no longer. */
        private boolean moves(
                Transaction transaction, StoredConvoy convoy, Position<S, D> position, HeldMessage message)
                throws Exception {
            Event<E> event = Event.of(key, message, queue);
            Transition<S, E, D, ? extends E> transition =
                    machine.decide(position.state(), position.data(), event.payload());
            Untimely untimely = transition.untimely();
            if (untimely == null) {
                StepImpl<D> step = ConvoyRunner.this.step(transaction, key, position);
                transition.run(step, event.payload());
                Runnable told = save(transaction, convoy, position, step, transition.to(), event, List.of(message));
                transaction.commit();
                told.run();
                return true;
            }
            if (untimely == Untimely.HOLD || untimely == Untimely.REQUEUE) {
                return false;
            }
            if (untimely == Untimely.REJECT) {
                saveGivenBack(transaction, convoy, message, event);
            } else {
                StoredConvoy after = unmoved(convoy).withHeld(convoy.held() - 1);
                transaction.save(new Change(convoy, after, List.of(), List.of(), List.of(message), List.of()));
            }
            transaction.commit();
            sends.run();
            return true;
        }
    }

    private void goOn(Transaction transaction, StoredConvoy convoy) {
        S state = machine.read(convoy).state();
        StoredConvoy running = convoy.next(ConvoyStatus.RUNNING, timeoutAt(state, convoy.since()));
        transaction.save(new Change(convoy, running, List.of(), List.of(), List.of(), List.of()));
        transaction.commit();
    }

    // What is due

    /** Does something about convoys whose time has come; whether there may be more. */
    boolean due() {
        List<StoredConvoy> due = List.of();
        try (Transaction transaction = store.begin()) {
            due = transaction.due(machine.name(), BATCH);
            if (due.isEmpty()) {
                return false;
            }
            List<Runnable> told = new ArrayList<>();
            for (StoredConvoy convoy : due) {
                told.add(due(transaction, convoy));
            }
            transaction.commit();
            told.forEach(Runnable::run);
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Exception one) {
            // One of them: each for itself, so that it does not hold up the others.
            LOG.debug("convoys that are due are looked at one by one: {}", one.toString());
            due.forEach(this::dueAlone);
        }
        return due.size() == BATCH;
    }

    private void dueAlone(StoredConvoy convoy) {
        try (Transaction transaction = store.begin()) {
            StoredConvoy now =
                    transaction.load(machine.name(), convoy.key(), "").convoy();
            if (now == null || now.dueAt() == 0 || now.dueAt() > transaction.now()) {
                return;
            }
            Runnable told = due(transaction, now);
            transaction.commit();
            told.run();
        } catch (StaleConvoyException faster) {
            LOG.debug("left alone: {}", faster.getMessage());
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Exception failure) {
            timeoutFailed(convoy, failure);
        }
    }

    /** Returns what to do when that is kept. */
    private Runnable due(Transaction transaction, StoredConvoy convoy) throws Exception {
        long now = transaction.now();
        if (convoy.ended()) {
            if (convoy.held() > 0) {
                change(transaction, convoy, convoy.next(convoy.status(), now + RESUME_MILLIS));
                return () -> resume(convoy.key());
            }
            long end = convoy.since() + keepMillis;
            if (end > now) {
                change(transaction, convoy, convoy.next(convoy.status(), end));
            } else {
                transaction.delete(convoy);
            }
            return () -> {};
        }
        if (convoy.status() == ConvoyStatus.RESUMED) {
            change(transaction, convoy, convoy.next(ConvoyStatus.RESUMED, now + RESUME_MILLIS));
            return () -> resume(convoy.key());
        }
        Position<S, D> position = machine.read(convoy);
        Timeout<S, D> timeout = machine.timeout(position.state());
        if (timeout == null || convoy.status() != ConvoyStatus.RUNNING) {
            // A version that had one has written it.
            change(transaction, convoy, convoy.next(convoy.status(), 0));
            return () -> {};
        }
        return timeOut(transaction, convoy, position, timeout);
    }

    private static void change(Transaction transaction, StoredConvoy before, StoredConvoy after) {
        transaction.save(new Change(before, after, List.of(), List.of(), List.of(), List.of()));
    }

    private Runnable timeOut(
            Transaction transaction, StoredConvoy convoy, Position<S, D> position, Timeout<S, D> timeout)
            throws Exception {
        StepImpl<D> step = step(transaction, convoy.key(), position);
        TimeoutAction<D> action = timeout.action();
        if (action != null) {
            action.run(step);
        }
        S from = position.state();
        S to = timeout.to() == null ? from : timeout.to();
        boolean goesOn = convoy.held() > 0 && from != to;
        StoredConvoy after = moved(transaction.now(), convoy, from, to, step.data(), convoy.held());
        if (from == to) {
            after = after.withDue(0);
        } else if (goesOn && !after.ended()) {
            // If we die before it has gone on with what it holds, another sees to that.
            after = after.withStatus(ConvoyStatus.RESUMED).withDue(transaction.now() + RESUME_MILLIS);
        }
        HistoryEntry entry = entry(after, transaction.now(), "", "timeout", from);
        transaction.save(new Change(convoy, after, List.of(entry), List.of(), List.of(), step.outgoing()));
        return () -> {
            tellOfSends(step);
            tell(on -> on.timedOut(machine.name(), convoy.key(), from.name(), to.name()));
            if (goesOn) {
                resume(convoy.key());
            }
        };
    }

    /** Goes on with what is held, without a message. */
    private void resume(String key) {
        HeldPass pass = new HeldPass(key);
        try {
            pass.run();
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Exception failure) {
            HeldMessage culprit = pass.current;
            try {
                if (culprit != null && machine.skipsFailed()) {
                    giveBack(key, culprit);
                } else {
                    stick(key, null, culprit == null ? null : culprit.messageId(), failure);
                }
            } catch (ConvoyStoreException down) {
                throw down;
            } catch (Exception again) {
                LOG.warn("convoy '{}' of {} cannot go on", key, machine.name(), again);
            }
        }
    }

    private void timeoutFailed(StoredConvoy convoy, Exception failure) {
        int failures = convoy.failures() + 1;
        boolean stuck = failures >= queue.maxDeliveries();
        try (Transaction transaction = store.begin()) {
            StoredConvoy now =
                    transaction.load(machine.name(), convoy.key(), "").convoy();
            if (now == null || now.version() != convoy.version()) {
                return;
            }
            long due = stuck
                    ? 0
                    : transaction.now() + queue.retry().delay(failures).toMillis();
            ConvoyStatus status = stuck ? ConvoyStatus.STUCK : now.status();
            change(transaction, now, now.next(status, due).withFailure(failures, null, text(failure)));
            transaction.commit();
        } catch (StaleConvoyException faster) {
            LOG.debug("left alone: {}", faster.getMessage());
            return;
        }
        LOG.warn("the time-out of {} has failed, {} times by now", convoy, failures, failure);
        if (stuck) {
            tell(on -> on.stuck(machine.name(), convoy.key(), text(failure)));
        }
    }

    private void tellOfSends(StepImpl<D> step) {
        if (!step.outgoing().isEmpty()) {
            sends.run();
        }
    }

    private void tell(Consumer<ConvoyListener> what) {
        try {
            what.accept(listener);
        } catch (RuntimeException e) {
            LOG.warn("the listener of the convoys of {} has failed", machine.name(), e);
        }
    }
}
