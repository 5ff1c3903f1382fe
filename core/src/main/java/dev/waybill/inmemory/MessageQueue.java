package dev.waybill.inmemory;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A queue, or the dead letters of one: what is ready and what is locked, under one lock. Methods that say so are called with
 * {@link #lock} held; of two queues that of the dead letters is locked last.
 */
final class MessageQueue {
    final ReentrantLock lock = new ReentrantLock();

    private final Emulation emulation;
    private final TimeSource time;
    private final long lockNanos;
    private final int maxDeliveries;
    private final boolean ordered;
    private final @Nullable MessageQueue deadLetters;
    private final ReadyMessages ready;
    private final Delays delays = new Delays();
    private final Locks locks = new Locks();
    private final List<InMemoryReceiver> receivers = new ArrayList<>();
    /** Receivers that wait and could take something, the longest waiting first. */
    private final ArrayDeque<InMemoryReceiver> waiting = new ArrayDeque<>();

    private MessageQueue(
            Emulation emulation,
            TimeSource time,
            Duration lockDuration,
            int maxDeliveries,
            boolean ordered,
            @Nullable MessageQueue deadLetters) {
        this.emulation = emulation;
        this.time = time;
        this.lockNanos = lockDuration.toNanos();
        this.maxDeliveries = maxDeliveries;
        this.deadLetters = deadLetters;
        this.ordered = ordered;
        ready = ordered ? new KeyedMessages() : new LaneMessages(emulation.order());
    }

    static MessageQueue ofDeadLetters(Emulation emulation, TimeSource time, Duration lockDuration) {
        return new MessageQueue(emulation, time, lockDuration, Integer.MAX_VALUE, false, null);
    }

    static MessageQueue of(Emulation emulation, TimeSource time, QueueDefinition queue, MessageQueue deadLetters) {
        return new MessageQueue(
                emulation, time, queue.lockDuration(), emulation.limit(queue), queue.ordered(), deadLetters);
    }

    void add(List<? extends Outbound> batch) {
        lock.lock();
        try {
            for (int i = 0; i < batch.size(); i++) {
                Envelope envelope = batch.get(i).envelope();
                long delay = batch.get(i).delayMillis();
                int priority = batch.get(i).priority();
                if (delay == 0) {
                    ready.add(envelope, priority);
                } else {
                    delay(delay, messages -> messages.add(envelope, priority));
                }
            }
            wakeNext();
        } finally {
            lock.unlock();
        }
    }

    private void delay(long millis, Consumer<ReadyMessages> becomesReady) {
        long nanos = TimeUnit.MILLISECONDS.toNanos(emulation.whole(millis));
        delays.add(time.nanos() + nanos, becomesReady);
        // Whoever sleeps has reckoned without it.
        receivers.forEach(InMemoryReceiver::wake);
    }

    private void addDead(Envelope envelope) {
        lock.lock();
        try {
            ready.add(envelope, 0);
            wakeNext();
        } finally {
            lock.unlock();
        }
    }

    /** Locks up to {@code room} messages to the receiver. With the lock held. */
    List<Inbound> take(InMemoryReceiver receiver, int room, long now) {
        int count = Math.min(room, ready.size());
        long until = emulation.timedLocks() ? now + lockNanos : Inbound.NO_LOCK_END;
        List<Inbound> taken = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            Receipt receipt = ready.take(receiver, until);
            if (receipt == null) {
                break;
            }
            locks.append(receipt);
            taken.add(receipt);
        }
        return taken;
    }

    /** The receiver has done with a message that it holds: it is deleted. With the lock held. */
    void delete(Receipt receipt) {
        locks.remove(receipt);
        ready.gone(receipt);
        receipt.state(Receipt.State.SETTLED);
    }

    /** The receiver gives back a message that it holds, to come again after so long. With the lock held. */
    void giveBack(Receipt receipt, boolean tried, long delayMillis) {
        if (!tried && !emulation.countsReleases()) {
            receipt.uncount();
        }
        locks.remove(receipt);
        receipt.state(Receipt.State.SETTLED);
        if (delayMillis == 0) {
            comesBack(receipt);
        } else {
            delay(delayMillis, messages -> comesBack(receipt));
        }
    }

    /** Locks a held message for longer. With the lock held. */
    void extend(Receipt receipt, long now) {
        locks.remove(receipt);
        receipt.lockedUntil(now + lockNanos);
        locks.append(receipt);
    }

    /** Takes back what was locked for too long. With the lock held; returns the time. */
    long expire() {
        long now = time.nanos();
        if (emulation.timedLocks()) {
            Receipt oldest = locks.first();
            while (oldest != null && oldest.lockedUntilNanos() - now <= 0) {
                locks.remove(oldest);
                if (oldest.state() == Receipt.State.HELD) {
                    oldest.state(Receipt.State.LOST);
                    oldest.receiver().freed(1);
                }
                comesBack(oldest);
                oldest = locks.first();
            }
        }
        delays.becomeReady(now, ready);
        return now;
    }

    private void comesBack(Receipt receipt) {
        if (deadLetters != null && receipt.deliveriesSpent() >= maxDeliveries) {
            ready.gone(receipt);
            deadLetters.addDead(receipt.envelope());
        } else {
            ready.giveBack(receipt);
        }
    }

    /** With the lock held. */
    void join(InMemoryReceiver receiver) {
        receivers.add(receiver);
    }

    /** The receiver ends, and with it what it holds. With the lock held. */
    void leave(InMemoryReceiver receiver) {
        receivers.remove(receiver);
        Receipt each = locks.first();
        while (each != null) {
            Receipt next = each.next;
            if (each.receiver() == receiver && each.state() == Receipt.State.HELD) {
                each.state(Receipt.State.LOST);
                if (emulation.returnsOnClose()) {
                    locks.remove(each);
                    comesBack(each);
                }
            }
            each = next;
        }
        wakeNext();
    }

    /** With the lock held. */
    boolean isEmpty() {
        return ready.size() == 0;
    }

    /** If something is ready, wakes one receiver, which wakes the next one if it leaves something; all, if it may not be for every one. With the lock held. */
    void wakeNext() {
        if (ready.size() > 0) {
            InMemoryReceiver next = waiting.pollFirst();
            while (next != null) {
                next.wake();
                next = ordered ? waiting.pollFirst() : null;
            }
        }
    }

    /** With the lock held. */
    void startWaiting(InMemoryReceiver receiver) {
        waiting.addLast(receiver);
    }

    /** With the lock held. */
    void stopWaiting(InMemoryReceiver receiver) {
        waiting.remove(receiver);
    }

    /**
     * How long a receiver may sleep without missing the end of a lock or of a delay. Locks that are taken while it sleeps end later than a
     * lock duration from now. With the lock held.
     */
    long nanosToNextExpiry(long now) {
        long toNextDue = delays.nanosToNext(now);
        if (!emulation.timedLocks()) {
            return toNextDue;
        }
        Receipt oldest = locks.first();
        return Math.min(toNextDue, oldest == null ? lockNanos : oldest.lockedUntilNanos() - now);
    }

    /** Lets every receiver look again, since the clock was moved. */
    void wakeAll() {
        lock.lock();
        try {
            expire();
            receivers.forEach(InMemoryReceiver::wake);
        } finally {
            lock.unlock();
        }
    }

    int depth() {
        lock.lock();
        try {
            expire();
            return ready.size();
        } finally {
            lock.unlock();
        }
    }

    int delayed() {
        lock.lock();
        try {
            expire();
            return delays.size();
        } finally {
            lock.unlock();
        }
    }

    int held() {
        lock.lock();
        try {
            expire();
            return locks.size();
        } finally {
            lock.unlock();
        }
    }
}
