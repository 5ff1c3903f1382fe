package dev.waybill.internal;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where workers get their messages. There is no fetching thread: a worker that finds the buffer empty fetches, for itself and
 * for the others, while they wait; so a message is handled on the thread that received it where one worker keeps up.
 *
 * <p>At most {@code concurrency + prefetch} messages are held. A broken receiver is opened again here, with backoff.
 */
final class Intake<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final int MOST_SETTLED_AT_ONCE = 256;

    private final Engine engine;
    private final Destination destination;
    private final boolean releaseIsFree;
    private final Unsettled unsettled = new Unsettled();

    /** Held while receivers are paused, resumed and opened again, which may take a while; never taken under the other lock. */
    private final ReentrantLock control = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ready = lock.newCondition();
    private final ArrayDeque<HeldMessage<T>> buffer = new ArrayDeque<>();
    private final List<Slot> slots = new CopyOnWriteArrayList<>();
    private volatile int limit;
    private int handling;
    private int reserved;
    private int waiting;
    private volatile boolean paused;
    private volatile boolean stopping;

    /** A place for one receiver. Guarded by the lock, but for what the one worker that has made it busy does. */
    private static final class Slot {
        final Backoff backoff = new Backoff();
        volatile @Nullable Lane lane;
        boolean busy;
        /** The thread that is in a receive, which may be interrupted there. */
        volatile @Nullable Thread fetcher;

        volatile boolean calledBack;
        long retryAtNanos = System.nanoTime();
        volatile @Nullable String trouble;
    }

    /** Opens the first receiver, so that what is wrong from the start is said at the start. */
    Intake(Engine engine, Destination destination, int limit, boolean releaseIsFree) {
        this.engine = engine;
        this.destination = destination;
        this.limit = limit;
        this.releaseIsFree = releaseIsFree;
        Slot first = new Slot();
        first.lane = open();
        slots.add(first);
        addSlots();
    }

    private Lane open() {
        Receiver receiver = engine.broker().receiver(destination, new ReceiverOptions(limit));
        int batch = Math.max(1, Math.min(MOST_SETTLED_AT_ONCE, limit / 4));
        return new Lane(engine, destination.queue().name(), receiver, batch, unsettled);
    }

    private void addSlots() {
        int maxReceive = engine.limits().maxReceive();
        int wanted = Math.min(engine.limits().maxReceivers(), 1 + (limit - 1) / maxReceive);
        while (slots.size() < wanted) {
            slots.add(new Slot());
        }
    }

    /**
     * Gives back the worker's handled messages and gets it up to {@code max} new ones; waits for them.
     *
     * @param mine what the worker handles; changed under the lock, so that the heartbeat sees it
     * @return false if the worker is to end
     */
    boolean take(List<HeldMessage<T>> mine, int max, Worker worker) throws InterruptedException {
        lock.lock();
        try {
            handling -= mine.size();
            mine.clear();
            while (true) {
                if (stopping || worker.surplus()) {
                    ready.signal();
                    return false;
                }
                if (!paused && fill(mine, max)) {
                    handling += mine.size();
                    if (waiting > 0) {
                        ready.signal();
                    } else if (!buffer.isEmpty()) {
                        callBackAFetcher();
                    }
                    return true;
                }
                int room = limit - handling - reserved - buffer.size();
                @Nullable Slot slot = paused || room <= 0 ? null : freeSlot();
                if (slot != null) {
                    fetchUnlocked(slot, Math.min(room, engine.limits().maxReceive()));
                } else {
                    await();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether a worker is one too many, after the concurrency was lowered. */
    interface Worker {
        boolean surplus();
    }

    private boolean fill(List<HeldMessage<T>> mine, int max) {
        long now = buffer.isEmpty() ? 0 : engine.time().nanos();
        while (mine.size() < max) {
            HeldMessage<T> next = buffer.poll();
            if (next == null) {
                break;
            }
            if (next.lockEnded(now) || next.lockLost()) {
                // It comes again by itself; to settle it tells the adapter that we are through with it.
                next.decide(Disposition.RELEASE);
            } else {
                mine.add(next);
            }
        }
        return !mine.isEmpty();
    }

    /**
     * With several receivers, a worker may wait in one while another has brought more than it handles itself: that one is to come
     * and take from the buffer. To interrupt a receive loses nothing, and only a thread that is in one is interrupted.
     */
    private void callBackAFetcher() {
        for (Slot slot : slots) {
            if (slot.busy && !slot.calledBack) {
                // First said, then interrupted: who is only on the way into the receive finds it said.
                slot.calledBack = true;
                Thread fetcher = slot.fetcher;
                if (fetcher != null) {
                    fetcher.interrupt();
                }
                return;
            }
        }
    }

    private @Nullable Slot freeSlot() {
        long now = System.nanoTime();
        for (Slot slot : slots) {
            if (!slot.busy && now - slot.retryAtNanos >= 0) {
                return slot;
            }
        }
        return null;
    }

    private void await() throws InterruptedException {
        long now = System.nanoTime();
        long wait = Long.MAX_VALUE;
        for (Slot slot : slots) {
            if (!slot.busy && !paused && slot.retryAtNanos - now > 0) {
                wait = Math.min(wait, slot.retryAtNanos - now);
            }
        }
        waiting++;
        try {
            // Without a slot in backoff, whatever makes a difference signals.
            if (wait == Long.MAX_VALUE) {
                ready.await();
            } else {
                ready.awaitNanos(wait);
            }
        } finally {
            waiting--;
        }
    }

    private void fetchUnlocked(Slot slot, int max) throws InterruptedException {
        slot.busy = true;
        reserved += max;
        lock.unlock();
        List<HeldMessage<T>> fetched = List.of();
        try {
            flush();
            fetched = fetch(slot, max);
        } catch (InterruptedException interrupted) {
            if (!slot.calledBack) {
                throw interrupted;
            }
        } finally {
            lock.lock();
            slot.busy = false;
            if (slot.calledBack) {
                slot.calledBack = false;
                // The call may have come just after the receive: the handler must not find it.
                boolean unused = Thread.interrupted();
            }
            reserved -= max;
            add(fetched);
        }
    }

    private void add(List<HeldMessage<T>> fetched) {
        if (stopping || paused && releaseIsFree) {
            fetched.forEach(message -> message.decide(Disposition.RELEASE));
        } else {
            buffer.addAll(fetched);
        }
        // The fetcher takes one itself; another may fetch in its place, or take the rest.
        for (int i = Math.min(waiting, fetched.size()); i > 0; i--) {
            ready.signal();
        }
    }

    private List<HeldMessage<T>> fetch(Slot slot, int max) throws InterruptedException {
        try {
            Lane lane = slot.lane;
            if (lane == null) {
                lane = reopen(slot);
            }
            List<Inbound> received;
            slot.fetcher = Thread.currentThread();
            try {
                received = slot.calledBack ? List.of() : lane.receiver().receive(max, WAIT);
            } finally {
                slot.fetcher = null;
            }
            if (received.isEmpty()) {
                return List.of();
            }
            unsettled.received(received.size());
            engine.observer().received(destination.queue().name(), received.size());
            List<HeldMessage<T>> fetched = new ArrayList<>(received.size());
            for (int i = 0; i < received.size(); i++) {
                fetched.add(new HeldMessage<>(received.get(i), lane));
            }
            return fetched;
        } catch (BrokerException trouble) {
            broken(slot, trouble);
            return List.of();
        } catch (RuntimeException bug) {
            LOG.error("receiver from {} failed in a way that its contract does not allow", destination, bug);
            broken(slot, new BrokerException(BrokerException.Kind.REFUSED, String.valueOf(bug), bug));
            return List.of();
        }
    }

    private Lane reopen(Slot slot) {
        Lane opened = open();
        boolean again = slot.trouble != null;
        control.lock();
        try {
            slot.lane = opened;
            slot.trouble = null;
            slot.backoff.reset();
            if (stopping) {
                opened.receiver().stop();
            } else if (paused) {
                opened.receiver().pause();
            }
        } finally {
            control.unlock();
        }
        if (again) {
            LOG.info("receiver from {} is open again", destination);
        }
        return opened;
    }

    private void broken(Slot slot, BrokerException trouble) {
        long wait = slot.backoff.nextMillis();
        slot.trouble = trouble.kind() + ": " + trouble.getMessage();
        @Nullable Lane lane;
        lock.lock();
        try {
            lane = slot.lane;
            slot.lane = null;
            slot.retryAtNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
            if (stopping) {
                return;
            }
        } finally {
            lock.unlock();
        }
        LOG.warn("receiver from {}: {}; opening it again in {} ms", destination, slot.trouble, wait);
        engine.observer().recovering(destination.queue().name());
        if (lane != null) {
            lane.receiver().close();
        }
    }

    /** Settles what is decided, on every receiver. */
    void flush() {
        for (Slot slot : slots) {
            Lane lane = slot.lane;
            if (lane != null) {
                lane.flush();
            }
        }
    }

    void limit(int limit) {
        change(() -> this.limit = limit, lane -> lane.receiver().prefetch(limit), false);
    }

    void pause() {
        change(() -> paused = true, lane -> lane.receiver().pause(), releaseIsFree);
    }

    void resume() {
        change(() -> paused = false, lane -> lane.receiver().resume(), false);
    }

    /** No more messages: what was not started goes back, and every worker ends when it asks for the next. */
    void stop() {
        change(() -> stopping = true, lane -> lane.receiver().stop(), true);
    }

    private void change(Runnable state, Consumer<Lane> receivers, boolean releaseBuffered) {
        List<HeldMessage<T>> released = List.of();
        control.lock();
        try {
            lock.lock();
            try {
                state.run();
                addSlots();
                if (releaseBuffered) {
                    released = new ArrayList<>(buffer);
                    buffer.clear();
                }
                ready.signalAll();
            } finally {
                lock.unlock();
            }
            slots.stream().map(slot -> slot.lane).filter(Objects::nonNull).forEach(receivers);
            released.forEach(message -> message.decide(Disposition.RELEASE));
        } finally {
            control.unlock();
        }
    }

    /** The messages that are buffered. */
    void eachBuffered(Consumer<HeldMessage<T>> action) {
        lock.lock();
        try {
            buffer.forEach(action);
        } finally {
            lock.unlock();
        }
    }

    /** The messages that a worker handles. */
    void eachOf(List<HeldMessage<T>> mine, Consumer<HeldMessage<T>> action) {
        lock.lock();
        try {
            mine.forEach(action);
        } finally {
            lock.unlock();
        }
    }

    int unsettled() {
        return unsettled.count();
    }

    /** Waits until all that was received is settled or lost; false if {@code System.nanoTime()} reaches the end first. */
    boolean awaitSettled(long end) {
        return unsettled.awaitNone(end);
    }

    /** What is wrong with a receiver, or null. */
    @Nullable
    String trouble() {
        for (Slot slot : slots) {
            if (slot.trouble != null) {
                return slot.trouble;
            }
        }
        return null;
    }

    void close() {
        for (Slot slot : slots) {
            Lane lane = slot.lane;
            if (lane != null) {
                lane.receiver().close();
            }
        }
    }
}
