package dev.waybill.internal;

import dev.waybill.PriorityPolicy;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One receiver of a subscription with what is to be settled by it, in batches: when enough has come together, when a worker
 * runs out of messages, or a moment later at the latest.
 */
final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
    private static final long FLUSH_MILLIS = 2;
    private static final long RETRY_MILLIS = 200;

    /** A busy machine is late by less, and so is one whose clock is put right. */
    private static final long SHORTEST_STANDSTILL_NANOS = TimeUnit.SECONDS.toNanos(4);

    private final Engine engine;
    private final Destination destination;
    private final Receiver receiver;
    private final int batchSize;
    private final Unsettled unsettled;
    private final Lanes lanes;
    private final boolean ages;
    private final long standstillNanos;
    private final long standstillMillis;

    private final ReentrantLock lock = new ReentrantLock();
    private ArrayList<HeldMessage<?>> pending = new ArrayList<>();
    private ArrayList<HeldMessage<?>> spare = new ArrayList<>();
    private boolean flushing;
    private boolean scheduled;

    /** When this process was last seen to go on, by a clock that stands still while the machine is suspended, and by one that does not. */
    private volatile long wentOnNanos;

    private volatile long wentOnMillis;
    /** If a silence counts, and not any more once another receiver has its place: then its locks end as the broker says. */
    private volatile boolean watched;

    /**
     * @param batchSize flush when so many have come together
     * @param unsettled counts what the subscription has received and not settled
     * @param lanes which it is one of
     */
    Lane(Engine engine, Destination destination, Receiver receiver, int batchSize, Unsettled unsettled, Lanes lanes) {
        this.lanes = lanes;
        PriorityPolicy policy = lanes.policy();
        ages = policy != null && policy.aging().isPresent();
        this.engine = engine;
        this.destination = destination;
        this.receiver = receiver;
        this.batchSize = batchSize;
        this.unsettled = unsettled;
        long silence = receiver.silenceNanos();
        // The last sign of life was given a while before the process stood still.
        standstillNanos = Math.max(SHORTEST_STANDSTILL_NANOS, silence - silence / 3);
        standstillMillis = TimeUnit.NANOSECONDS.toMillis(standstillNanos);
        watched = silence < Long.MAX_VALUE;
        wentOnNanos = nanos();
        wentOnMillis = epochMillis();
    }

    Receiver receiver() {
        return receiver;
    }

    long nanos() {
        return engine.time().nanos();
    }

    /** Called often, by the timer: notes that this process goes on. False, and nothing is noted any more, once it {@link #stoodStill}. */
    boolean goesOn() {
        long nanos = nanos();
        long millis = epochMillis();
        if (stoodStill(nanos)) {
            return false;
        }
        wentOnNanos = nanos;
        wentOnMillis = millis;
        return true;
    }

    /** Nobody {@link #goesOn calls} any more. */
    void unwatch() {
        watched = stoodStill(nanos());
    }

    /** Whether this process has stood still for so long that others may have what came this way. */
    boolean stoodStill(long nanos) {
        return watched && (nanos - wentOnNanos > standstillNanos || epochMillis() - wentOnMillis > standstillMillis);
    }

    /** The time of day. */
    long epochMillis() {
        return engine.time().epochMillis();
    }

    String queue() {
        return destination.queue().name();
    }

    int maxDeliveries() {
        return destination.queue().maxDeliveries();
    }

    boolean prioritized() {
        return lanes.policy() != null;
    }

    /**
     * Whether the broker itself can deliver a message again after that time, in its place: what is given back may come before messages
     * of a higher level, where the broker keeps those apart; and where it rises by its waiting only a copy can say that it does not
     * meanwhile.
     */
    boolean canDelay(Inbound message, long delayMillis) {
        boolean losesItsLevel = prioritized() && !lanes.byLevel();
        return !losesItsLevel && !(ages && delayMillis > 0) && receiver.canDelay(message, delayMillis);
    }

    /** The place that its messages are in. */
    Destination destination() {
        return destination;
    }

    /** Where one of its messages goes that is to come again. */
    Destination again(boolean delayed) {
        return lanes.again(destination, delayed);
    }

    /** Whether its messages were delayed, are due, and go on to where their level counts. */
    boolean passes() {
        return lanes.passes(destination);
    }

    /** Which of its queue's lanes it is. */
    int number() {
        return destination.queue().lane();
    }

    /**
     * Since when one of its messages, which has just come, rises by its waiting, in milliseconds since 1970: since now if nobody says, or
     * if the clock of who says so is ahead; 0 if nothing rises here.
     */
    long risesSinceMillis(Envelope envelope) {
        if (!ages) {
            return 0;
        }
        long now = epochMillis();
        long since = CoreHeaders.since(envelope);
        return since == 0 ? now : Math.min(since, now);
    }

    /** The level of one of its messages. */
    int priority(Envelope envelope) {
        if (lanes.byLevel() && number() > 0) {
            return number();
        }
        // In the first there may be what was sent when the broker kept the levels apart.
        int level = CoreHeaders.priority(envelope.headers());
        return ofDeadLetters() ? level : Math.min(level, lanes.levels() - 1);
    }

    /** The name of a level of its queue. */
    Optional<PriorityPolicy.Tier> tier(int level) {
        PriorityPolicy policy = lanes.policy();
        return policy == null ? Optional.empty() : policy.tier(level);
    }

    boolean ofDeadLetters() {
        return destination.role() == Role.DEAD_LETTER;
    }

    void settle(HeldMessage<?> message) {
        boolean flush;
        boolean schedule = false;
        lock.lock();
        try {
            pending.add(message);
            flush = pending.size() >= batchSize;
            if (!flush && !scheduled) {
                scheduled = true;
                schedule = true;
            }
        } finally {
            lock.unlock();
        }
        if (flush) {
            flush();
        } else if (schedule) {
            engine.timer().after(FLUSH_MILLIS, this::flushOnTime);
        }
    }

    private void flushOnTime() {
        boolean empty;
        lock.lock();
        try {
            scheduled = false;
            empty = pending.isEmpty();
        } finally {
            lock.unlock();
        }
        if (!empty) {
            // A settlement may block briefly, which the timer must not.
            engine.blocking().execute(this::flush);
        }
    }

    /** Settles what is pending, unless another thread is at it, which then takes it along. */
    void flush() {
        boolean more;
        do {
            ArrayList<HeldMessage<?>> batch;
            lock.lock();
            try {
                if (flushing || pending.isEmpty()) {
                    return;
                }
                flushing = true;
                batch = pending;
                pending = spare;
            } finally {
                lock.unlock();
            }
            receiver.settle(batch);
            batch.clear();
            lock.lock();
            try {
                spare = batch;
                flushing = false;
                more = pending.size() >= batchSize || !scheduled && !pending.isEmpty();
            } finally {
                lock.unlock();
            }
        } while (more);
    }

    /** The broker did not take a settlement and the lock is still ours. */
    void settleLater(HeldMessage<?> message, BrokerException cause) {
        LOG.debug("{} is not settled yet: {}", message, cause.getMessage());
        // It may block briefly, which the timer must not.
        engine.timer().after(RETRY_MILLIS, () -> engine.blocking().execute(() -> settle(message)));
    }

    void extend(List<HeldMessage.Extension> extensions) {
        receiver.extend(extensions);
    }

    void done(HeldMessage<?> message, boolean lost) {
        unsettled.settled();
        if (lost) {
            lockLost(message, "its settlement came too late");
        }
    }

    void lockLost(HeldMessage<?> message, String why) {
        LOG.warn("the lock of {} was lost: {}; it is delivered again", message, why);
        engine.observer().lockLost(queue());
    }
}
