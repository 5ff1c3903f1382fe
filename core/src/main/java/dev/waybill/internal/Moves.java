package dev.waybill.internal;

import dev.waybill.ProducerOptions;
import dev.waybill.SendException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends messages on as copies, to the dead-letter queue or, after a while, to their own queue again: first a confirmed send, and
 * only when that is answered is the message accepted. A crash between the two leaves both, never neither. While the target cannot
 * be reached the message stays in its queue, locked by the heartbeat, and counts against what the subscription may hold; unless the
 * broker might lose it when it comes back, be it that we close or die: then a copy takes its place in its queue.
 */
final class Moves<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Moves.class);

    /** A broker may hand what comes back to a request of who has just left, and who gets it next may die at once. */
    private static final int SPARE_DELIVERIES = 2;

    private final Engine engine;
    private final Destination from;
    /** The delivery from which on a message is not left to be given back. */
    private final int returnable;
    /** Whether to give a message back does not count as a delivery. */
    private final boolean releaseIsFree;

    private final ProducerOptions options;
    private final Intake<T> intake;

    private final Set<HeldMessage<T>> under = ConcurrentHashMap.newKeySet();
    private final Set<HeldMessage<T>> kept = ConcurrentHashMap.newKeySet();
    /** Those under way for which nothing happens now, until their time has come, and that may go back before; who removes one has it. */
    private final Set<HeldMessage<T>> idle = ConcurrentHashMap.newKeySet();
    /** Those under way that could not be sent on so far, and why. */
    private final Map<HeldMessage<T>, String> stuck = new ConcurrentHashMap<>();

    /** Held while a sender is opened, which may take a while. */
    private final ReentrantLock opening = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private final Map<Destination, SendPipe> pipes = new HashMap<>();
    private volatile boolean closing;
    /** Guarded by {@link #opening}. */
    private boolean closed;

    /** @param options of the producers that send the copies */
    Moves(Engine engine, Destination from, ProducerOptions options, boolean releaseIsFree, Intake<T> intake) {
        this.engine = engine;
        this.from = from;
        this.options = options;
        this.releaseIsFree = releaseIsFree;
        returnable = engine.broker().lastDelivery(from.queue()) - SPARE_DELIVERIES;
        this.intake = intake;
    }

    /** To the dead-letter queue. {@code moved} runs when it is there. */
    void toDeadLetters(HeldMessage<T> message, String reason, @Nullable Throwable failure, Runnable moved) {
        start(new Move(
                message,
                new Destination(from.queue(), Role.DEAD_LETTER),
                DeadLetterCopy.of(message, reason, failure, engine),
                0,
                done -> {
                    if (done) {
                        moved.run();
                    }
                }));
    }

    /** To its own queue again, as it came but for its time, after so long; that is no delivery. */
    void later(HeldMessage<T> message, long millis) {
        Envelope envelope = message.inbound().envelope();
        Map<String, String> headers = new LinkedHashMap<>(envelope.headers());
        if (message.redelivered()) {
            // A copy of it may be under way already, from before a crash. This delivery does not count; those before
            // do,
            // or a message that kills its consumers would never end.
            headers.put(CoreHeaders.DELIVERIES, Integer.toString(Math.max(0, message.deliveryCount() - 1)));
        }
        headers.remove(CoreHeaders.DUE);
        toMain(message, CoreHeaders.with(envelope, headers), millis);
    }

    /** To its own queue again, to be delivered after so long. */
    void toMain(HeldMessage<T> message, Envelope copy, long delayMillis) {
        start(onItsWayBack(message, copy, delayMillis));
    }

    /** Gives back what was not started, at the close or the pause. Does not block. */
    void goBack(List<HeldMessage<T>> messages) {
        List<HeldMessage<T>> dying = new ArrayList<>();
        for (HeldMessage<T> message : messages) {
            if (diesOfReturn(message) && message.defect() == null && !message.gone()) {
                dying.add(message);
            } else {
                message.decide(Disposition.RELEASE);
            }
        }
        if (!dying.isEmpty()) {
            handOn(dying);
        }
    }

    /** Where a return counts, it would die for having been in many hands; a copy has the count that it had before this. */
    private boolean diesOfReturn(HeldMessage<T> message) {
        return !releaseIsFree
                && !from.ordered()
                && !message.dead()
                && message.deliveryCount() >= message.lane().maxDeliveries();
    }

    /** To their own queue again, as they came. Their flag says that somebody had them. */
    private void handOn(List<HeldMessage<T>> messages) {
        messages.forEach(this::add);
        engine.blocking()
                .execute(() -> messages.forEach(message -> {
                    int before = Math.max(0, message.deliveryCount() - 1);
                    Envelope copy = CoreHeaders.redelivered(message.inbound().envelope(), before);
                    onItsWayBack(message, copy, Math.max(0, message.notDueMillis()))
                            .attempt();
                }));
    }

    private Move onItsWayBack(HeldMessage<T> message, Envelope copy, long delayMillis) {
        Delayed delayed = Delayed.by(
                delayMillis,
                copy,
                engine.limits().maxDelayMillis(),
                engine.time().epochMillis());
        Destination place = message.lane().again(delayMillis > 0);
        return new Move(message, place, List.of(delayed.envelope()), delayed.millis(), done -> {});
    }

    /** Somewhere else. {@code ended} is told whether it is there now, and not here any more. */
    void to(Destination target, HeldMessage<T> message, Envelope copy, Consumer<Boolean> ended) {
        start(new Move(message, target, List.of(copy), 0, ended));
    }

    /** Gives a message back that was taken. */
    void giveBack(HeldMessage<T> message, Disposition disposition) {
        intake.giveBack(message, disposition);
    }

    /** Has a message of an ordered queue handled again after so long, before all others of its key. */
    void again(HeldMessage<T> message, long millis, boolean tried) {
        intake.again(message, millis, tried);
    }

    /** Keeps it, locked, and gives it back at the close. */
    void keep(HeldMessage<T> message) {
        kept.add(message);
        intake.setAside();
    }

    /** Keeps it for a moment and gives it back. */
    void releaseLater(HeldMessage<T> message, long millis) {
        add(message);
        idle.add(message);
        // A settlement may block briefly, which the timer must not.
        engine.timer().after(millis, () -> engine.blocking().execute(() -> release(message)));
    }

    /** Unless its time has come meanwhile. */
    private void release(HeldMessage<T> message) {
        if (idle.remove(message)) {
            message.decide(Disposition.RELEASE);
            remove(message);
        }
    }

    private void start(Move move) {
        add(move.message);
        move.attempt();
    }

    private void add(HeldMessage<T> message) {
        under.add(message);
        intake.setAside();
    }

    private void remove(HeldMessage<T> message) {
        stuck.remove(message);
        if (under.remove(message)) {
            intake.doneWithAside(message);
            if (closing) {
                lock.lock();
                try {
                    ended.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    /** Whether a message is in its hands. */
    boolean has(HeldMessage<T> message) {
        return under.contains(message) || kept.contains(message);
    }

    /** What keeps messages from being sent on, in words, or null. */
    @Nullable
    String trouble() {
        for (String why : stuck.values()) {
            return "cannot send on " + stuck.size() + " messages: " + why;
        }
        return null;
    }

    void each(Consumer<? super HeldMessage<T>> action) {
        under.forEach(action);
        kept.forEach(action);
    }

    /** One message on its way. Its steps follow each other, though on different threads. */
    private final class Move {
        final HeldMessage<T> message;
        private final Destination to;
        private final Iterator<Envelope> copies;
        private final long delayMillis;
        private final Consumer<Boolean> ended;
        private final Backoff backoff = new Backoff();
        private Envelope copy;

        /** @param copies the first, and what to send if that is too large */
        Move(HeldMessage<T> message, Destination to, List<Envelope> copies, long delayMillis, Consumer<Boolean> ended) {
            this.message = message;
            this.to = to;
            this.copies = copies.iterator();
            this.delayMillis = delayMillis;
            this.ended = ended;
            copy = this.copies.next();
        }

        void attempt() {
            if (message.gone() || closing && !renews()) {
                // Whoever has it now decides; a copy would be one too many.
                end(Disposition.RELEASE);
                return;
            }
            PendingSend send;
            try {
                send = pipe(to).send(copy, delayMillis, message::gone);
            } catch (RuntimeException unreachable) {
                again(unreachable);
                return;
            }
            var unused = send.whenComplete((stored, failure) -> answered(failure));
        }

        private void answered(@Nullable Throwable failure) {
            if (failure == null) {
                end(Disposition.ACCEPT);
            } else if (message.gone()) {
                end(Disposition.RELEASE);
            } else if (failure instanceof SendException cause && cause.reason() == SendException.Reason.TOO_LARGE) {
                if (copies.hasNext()) {
                    copy = copies.next();
                    // This may be the thread that answers all sends.
                    engine.blocking().execute(this::attempt);
                } else {
                    LOG.warn("{} is too large to be sent on; the broker's own limit moves it as it is", message);
                    end(Disposition.RETRY);
                }
            } else {
                again(failure);
            }
        }

        private void again(Throwable failure) {
            boolean atRisk = to.role() == Role.DEAD_LETTER && from.role() == Role.MAIN && !canReturn();
            boolean goesOn = renews() && diesOfReturn(message) && mayPass(failure);
            if (closing && !atRisk && !goesOn) {
                end(Disposition.RELEASE);
                return;
            }
            stuck.put(message, failure.toString());
            engine.observer().stuck(message.queue());
            if (atRisk) {
                LOG.warn("{} cannot be sent on, and goes to the end of its queue: {}", message, failure.toString());
                Envelope copy = CoreHeaders.redelivered(message.inbound().envelope(), message.deliveryCount());
                Move renewal = new Move(message, message.lane().destination(), List.of(copy), 0, done -> {});
                // This may be the thread that answers all sends.
                engine.blocking().execute(renewal::attempt);
                return;
            }
            long wait = backoff.nextMillis();
            LOG.warn("{} cannot be sent on, trying again in {} ms: {}", message, wait, failure.toString());
            if (failure instanceof SendException sent && sent.maybeStored()) {
                flag();
            }
            if (!goesOn) {
                idle.add(message);
                if (closing) {
                    // The close may have looked before.
                    release(message);
                    return;
                }
            }
            engine.timer()
                    .after(
                            wait,
                            () -> engine.blocking().execute(() -> {
                                if (goesOn || idle.remove(message)) {
                                    attempt();
                                }
                            }));
        }

        /** Whether it may be over before a close is. */
        private static boolean mayPass(Throwable failure) {
            if (failure instanceof SendException send) {
                return switch (send.reason()) {
                    case TIMED_OUT, BLOCKED, CONNECTION_LOST -> true;
                    default -> false;
                };
            }
            return failure instanceof BrokerException broker && broker.kind().transientFault();
        }

        /** A copy may be there already: the next one says that it may have been delivered before. */
        private void flag() {
            if (to.role() == Role.MAIN && !copy.headers().containsKey(CoreHeaders.DELIVERIES)) {
                Map<String, String> flagged = new LinkedHashMap<>(copy.headers());
                flagged.put(CoreHeaders.DELIVERIES, "0");
                copy = CoreHeaders.with(copy, flagged);
            }
        }

        /** Whether it must be made also while the subscription closes, since to give the message back would count. */
        private boolean renews() {
            return to.equals(message.lane().destination()) && !(releaseIsFree && canReturn());
        }

        private boolean canReturn() {
            return message.inbound().deliveryCount() < returnable;
        }

        private void end(Disposition disposition) {
            boolean decided = message.decide(disposition);
            remove(message);
            ended.accept(decided && disposition == Disposition.ACCEPT);
        }
    }

    /** Opened when the first message needs it, which many subscriptions never see. */
    private SendPipe pipe(Destination to) {
        opening.lock();
        try {
            SendPipe open = pipes.get(to);
            if (open == null) {
                if (closed) {
                    throw new BrokerException(BrokerException.Kind.REFUSED, "the subscription is closed", null);
                }
                open = new SendPipe(engine, to, options, true, false);
                pipes.put(to, open);
            }
            return open;
        } finally {
            opening.unlock();
        }
    }

    /** Starts nothing more, and waits for what is on its way; then what is left is given back. */
    boolean finish(long end) {
        closing = true;
        idle.forEach(this::release);
        boolean whole = awaitNone(end);
        each(message -> message.decide(Disposition.RELEASE));
        return whole;
    }

    /** Not cut short by an interrupt: what is given back while its copy is on its way comes twice. */
    private boolean awaitNone(long end) {
        boolean interrupted = false;
        lock.lock();
        try {
            for (long left = end - System.nanoTime(); !under.isEmpty() && left > 0; left = end - System.nanoTime()) {
                try {
                    // What waits for a thread to try again looks at the closing by itself, a little later.
                    ended.awaitNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(50)));
                } catch (InterruptedException later) {
                    interrupted = true;
                }
            }
            return under.isEmpty();
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What is not answered until then fails as unknown; its message has been given back. */
    void close(long end) {
        List<SendPipe> open;
        opening.lock();
        try {
            closed = true;
            open = List.copyOf(pipes.values());
        } finally {
            opening.unlock();
        }
        // Not under the lock: closing waits for reports of sends, and who reports one may want another pipe.
        open.forEach(pipe -> pipe.close(Math.max(0, end - System.nanoTime())));
    }
}
