package dev.waybill.convoy;

import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Loaded;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.StateMachine.Position;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of convoys, whatever takes them: a message, one that was held, or the time. Each is one transaction of the store.
 * Thread-safe.
 */
final class ConvoySteps<S extends Enum<S>, E, D> {
    private static final Logger LOG = LoggerFactory.getLogger(ConvoySteps.class);

    /** How long a convoy that is to go on is left to the process that began with it. */
    static final long RESUME_MILLIS = 60_000;

    private static final int LONGEST_FAILURE = 1000;

    private final StateMachine<S, E, D> machine;
    private final Queue<E> queue;
    private final ConvoyStore store;
    private final Map<String, Relay.Target<?>> targets;
    private final long keepMillis;
    private final ConvoyListeners listeners;
    private final Runnable sends;

    /**
     * @param queue of the convoys
     * @param targets to which actions may send, by the names of their queues
     * @param keepMillis how long a convoy is kept that has ended
     * @param sends told when there is something to send
     */
    ConvoySteps(
            StateMachine<S, E, D> machine,
            Queue<E> queue,
            ConvoyStore store,
            Map<String, Relay.Target<?>> targets,
            long keepMillis,
            ConvoyListeners listeners,
            Runnable sends) {
        this.machine = machine;
        this.queue = queue;
        this.store = store;
        this.targets = targets;
        this.keepMillis = keepMillis;
        this.listeners = listeners;
        this.sends = sends;
    }

    StateMachine<S, E, D> machine() {
        return machine;
    }

    Queue<E> queue() {
        return queue;
    }

    ConvoyStore store() {
        return store;
    }

    long keepMillis() {
        return keepMillis;
    }

    /** As {@link Attempt#untilCurrent}, and tells of it. */
    <T, X extends Exception> T untilCurrent(String key, Attempt<T, X> attempt) throws X {
        return Attempt.untilCurrent(() -> {
            try {
                return attempt.make();
            } catch (StaleConvoyException faster) {
                listeners.tell(on -> on.conflict(machine.name(), key));
                throw faster;
            }
        });
    }

    @Nullable
    StoredConvoy find(Transaction transaction, String key) {
        return transaction.load(machine.name(), key, "").convoy();
    }

    /** As it is, or as it is before its first message. */
    StoredConvoy convoy(Loaded loaded, Transaction transaction, String key) {
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
                false,
                0,
                0,
                0,
                null,
                null);
    }

    long timeoutAt(S state, long since) {
        Timeout<S, D> timeout = machine.timeout(state);
        return timeout == null ? 0 : since + timeout.after().toMillis();
    }

    StepImpl<D> step(Transaction transaction, String key, Position<S, D> position) {
        return new StepImpl<>(key, position.data(), transaction, targets);
    }

    /** The step that a message makes, and its end. */
    void take(
            Transaction transaction,
            StoredConvoy before,
            Position<S, D> position,
            Transition<S, E, D, ? extends E> transition,
            Event<E> event,
            List<HeldMessage> release)
            throws Exception {
        StepImpl<D> step = step(transaction, event.key(), position);
        transition.run(step, event.payload());
        S from = position.state();
        S to = transition.to() == null ? from : transition.to();
        StoredConvoy after = moved(transaction.now(), before, from, to, step.data(), before.held() - release.size());
        HistoryEntry entry = entry(after, transaction.now(), event.id(), event.type(), from);
        transaction.save(new Change(
                before, after, List.of(entry), List.of(), release, step.outgoing(), machine.keptAfter(after.steps())));
        transaction.commit();
        tellOfSends(step);
        listeners.tell(on -> on.moved(machine.name(), event.key(), event.type(), from.name(), to.name()));
    }

    /** How it is after a step. */
    StoredConvoy moved(long now, StoredConvoy before, S from, S to, D data, int held) {
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
        // A message that leaves it where it is does not mend its time-out.
        boolean same = !begins && status == ConvoyStatus.RUNNING;
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
                !begins && before.alerted(),
                held,
                before.steps() + 1,
                same ? before.failures() : 0,
                same ? before.failedMessage() : null,
                same ? before.failure() : null);
    }

    HistoryEntry entry(StoredConvoy after, long now, String messageId, String event, S from) {
        return new HistoryEntry(after.version(), now, messageId, event, from.name(), after.state());
    }

    /** Its next version, in the same state. */
    static StoredConvoy unmoved(StoredConvoy before) {
        return before.next(before.status(), before.dueAt());
    }

    /** As {@link #unmoved}, for one that holds one less: that may have been what failed, unless it was the time-out. */
    static StoredConvoy relieved(StoredConvoy before) {
        StoredConvoy after = unmoved(before);
        return before.status() == ConvoyStatus.RUNNING ? after : after.withoutFailure();
    }

    /** Whether the queue's retry policy has what was held, and has failed, dropped. */
    boolean drops(@Nullable HeldMessage culprit, Throwable failure) {
        return culprit != null && queue.retry().decide(failure) == RetryPolicy.Decision.DISCARD;
    }

    /**
     * What was held has failed as often as it may.
     *
     * @param culprit null if it was not at any
     * @return whether the convoy goes on without it
     */
    boolean giveUp(String key, @Nullable HeldMessage culprit, Throwable failure) throws Exception {
        if (culprit != null && drops(culprit, failure)) {
            LOG.info(
                    "message {} to convoy '{}' of {} is dropped: {}", culprit.messageId(), key, machine, text(failure));
            return untilCurrent(key, () -> tryToRelease(key, culprit, null));
        }
        return skipOrStick(key, culprit, failure);
    }

    /** As {@link #giveUp}, whatever the queue's retry policy has dropped. */
    boolean skipOrStick(String key, @Nullable HeldMessage culprit, Throwable failure) throws Exception {
        if (culprit != null) {
            Event<E> event = machine.skipsFailed() ? readable(key, culprit) : null;
            if (event != null) {
                return untilCurrent(key, () -> tryToRelease(key, culprit, event));
            }
        }
        stick(key, null, culprit == null ? null : culprit.messageId(), failure);
        return false;
    }

    /** Null if its queue could do nothing with it either. */
    private @Nullable Event<E> readable(String key, HeldMessage held) {
        try {
            return Event.of(key, held, queue);
        } catch (Exception undecodable) {
            LOG.debug("what is held cannot be read: {}", undecodable.toString());
            return null;
        }
    }

    /**
     * Nothing more happens to the convoy until somebody decides.
     *
     * @param event to hold, before all others, or null
     * @return whether the event is the convoy's business; not if somebody has cancelled that
     */
    boolean stick(String key, @Nullable Event<E> event, @Nullable String culprit, Throwable failure) throws Exception {
        String text = text(failure);
        Sticking end = recorded(failure, kept -> untilCurrent(key, () -> tryToStick(key, event, culprit, kept)));
        if (end.stuck != null) {
            LOG.warn("{} is stuck at message {}: {}", end.stuck, culprit, text);
            listeners.tell(on -> on.stuck(machine.name(), key, text));
        }
        return end.kept;
    }

    private record Sticking(@Nullable StoredConvoy stuck, boolean kept) {}

    private Sticking tryToStick(String key, @Nullable Event<E> event, @Nullable String culprit, String text)
            throws Exception {
        try (Transaction transaction = store.begin()) {
            Loaded loaded = transaction.load(machine.name(), key, event == null ? "" : event.id());
            StoredConvoy before = convoy(loaded, transaction, key);
            if (before.status() == ConvoyStatus.CANCELLED) {
                return new Sticking(null, false);
            }
            List<HeldMessage> held = transaction.heldIds(before);
            boolean gone = event == null && culprit != null && !holds(held, culprit);
            if (loaded.known() || gone) {
                // Who has lost its lock meanwhile fails later than another has handled it.
                return new Sticking(null, true);
            }
            StoredConvoy stuck = before.next(ConvoyStatus.STUCK, 0).withFailure(1, culprit, text);
            if (event == null) {
                transaction.save(Change.of(before, stuck));
            } else {
                // It came before all that is held.
                long order = held.isEmpty() ? stuck.version() : held.get(0).order() - 1;
                transaction.save(Change.holding(before, stuck, event.hold(order, queue)));
            }
            transaction.commit();
            return new Sticking(stuck, true);
        }
    }

    private static boolean holds(List<HeldMessage> held, String messageId) {
        return held.stream().anyMatch(message -> message.messageId().equals(messageId));
    }

    /** Without what few stores take: the character 0, and halves of those that are two in Java. */
    static String text(Throwable failure) {
        String text = failure.toString();
        int[] characters = text.substring(0, Math.min(text.length(), LONGEST_FAILURE))
                .codePoints()
                .map(c -> c == 0 || c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? '?' : c)
                .toArray();
        return new String(characters, 0, characters.length);
    }

    /** What keeps the text of a failure. */
    interface Recording<T, X extends Exception> {
        T with(String text) throws X;
    }

    /** Keeps a failure, in ASCII where the store does not take all of its characters, as a database in Latin-1. */
    static <T, X extends Exception> T recorded(Throwable failure, Recording<T, X> recording) throws X {
        String text = text(failure);
        try {
            return recording.with(text);
        } catch (IllegalStateException refused) {
            LOG.debug("a failure is kept in ASCII: {}", refused.getMessage());
            return recording.with(text.replaceAll("\\P{ASCII}", "?"));
        }
    }

    /**
     * It is held no longer.
     *
     * @param event to give back to its queue, or null
     * @return true
     */
    private boolean tryToRelease(String key, HeldMessage message, @Nullable Event<E> event) {
        try (Transaction transaction = store.begin()) {
            StoredConvoy before = find(transaction, key);
            if (before == null || !holds(transaction.heldIds(before), message.messageId())) {
                return true;
            }
            if (event == null) {
                transaction.save(Change.releasing(before, relieved(before), message, List.of()));
                transaction.commit();
            } else {
                giveBack(transaction, before, message, event);
            }
            return true;
        }
    }

    /** What was held goes to its queue again, where it takes the way of a message that is not awaited, or that fails. */
    void giveBack(Transaction transaction, StoredConvoy before, HeldMessage held, Event<E> event) {
        Outgoing back =
                Letter.of(event.key(), queue, event.copy(event.requeues()).build(), held.body(), transaction.now());
        transaction.save(Change.releasing(before, relieved(before), held, List.of(back)));
        transaction.commit();
        sends.run();
    }

    void tellOfSends(StepImpl<D> step) {
        if (!step.outgoing().isEmpty()) {
            sends.run();
        }
    }

    ConvoyListeners listeners() {
        return listeners;
    }
}
