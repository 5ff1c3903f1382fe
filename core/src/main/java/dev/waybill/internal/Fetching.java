package dev.waybill.internal;

import dev.waybill.internal.Receivers.Slot;
import dev.waybill.spi.Held.Disposition;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How many messages of each lane a subscription fetches, and who does. At most {@code concurrency + prefetch} are held; of a queue with
 * several lanes as many as are handled, and the prefetch of each, so that its first is at hand when the next is to be chosen, and what a
 * receiver fetches ahead. One receiver alone is asked by a worker that has nothing to do, for itself and for the others; where it takes
 * several, each is waited for on a thread of its own, or a worker would wait in one while another has brought something for it. What was
 * delayed, and is due in a lane of its own, goes on from here to that in which its level counts. Guarded by the course's lock.
 */
final class Fetching<T> {
    /** How many messages of an ordered queue may be held, so that those behind others of their key leave room for other keys. */
    private static final int LOOK_AHEAD = 1000;

    private final Engine engine;
    private final Course course;
    private final ReentrantLock lock;
    private final Lanes lanes;
    private final Receivers<T> receivers;
    private final Ready<T> buffer;
    private final Consumer<List<HeldMessage<T>>> arrived;
    /** Whether what is next may be something that is still to be fetched. */
    private final boolean prioritized;
    /** How many messages of each lane may wait for a worker. */
    private final int prefetch;

    private volatile int limit;

    private int handled;
    private int reserved;
    private final int[] reservedOfLane;
    /** Whether the last fetch brought something: then others beside it are worth their while. */
    private final boolean[] flows;

    /** Messages that no worker handles any more and that are not settled yet. */
    private final AtomicInteger aside = new AtomicInteger();
    /** Those of them that were delayed, and are on their way to where their level counts. */
    private final AtomicInteger passing = new AtomicInteger();

    /** Sends those on. */
    private volatile Consumer<HeldMessage<T>> onward = message -> message.decide(Disposition.RELEASE);

    /**
     * Opens the first receiver of each lane, so that what is wrong from the start is said at the start.
     *
     * @param handlers how many messages may be handled at once
     * @param buffer where what is fetched waits
     * @param arrived what takes what is fetched, under the lock
     * @param onLost called when messages that were fetched are lost
     */
    Fetching(
            Engine engine,
            Course course,
            Lanes lanes,
            int handlers,
            int prefetch,
            Ready<T> buffer,
            Consumer<List<HeldMessage<T>>> arrived,
            Runnable onLost) {
        this.engine = engine;
        this.course = course;
        this.lock = course.lock;
        this.lanes = lanes;
        this.prefetch = prefetch;
        this.buffer = buffer;
        this.arrived = arrived;
        prioritized = lanes.policy() != null;
        reservedOfLane = new int[lanes.count()];
        flows = new boolean[lanes.count()];
        limit = handlers + lanes.count() * prefetch;
        receivers = new Receivers<>(engine, lanes, handlers + ahead(), onLost);
    }

    Receivers<T> receivers() {
        return receivers;
    }

    /** @param onward sends on what was delayed and is due */
    void onward(Consumer<HeldMessage<T>> onward) {
        this.onward = onward;
    }

    /** How many messages a receiver may hold beyond those that are handled. */
    private int ahead() {
        return lanes.ordered() ? Math.max(prefetch, LOOK_AHEAD) : prefetch;
    }

    /** @param handlers how many messages may be handled at once, from now on */
    void handlers(int handlers) {
        limit = handlers + lanes.count() * prefetch;
        receivers.limit(handlers + ahead());
    }

    /** So many messages more, or fewer, are in the hands of workers. */
    void handled(int change) {
        handled += change;
    }

    /** Whether a worker has something in hand. */
    boolean handles() {
        return handled > 0;
    }

    /** Whether a fetch is under way. */
    boolean underWay() {
        return reserved > 0;
    }

    /** Whether it makes sense to fetch. */
    private boolean mayFetch() {
        return course.passable() && receivers.fetching();
    }

    /** Before a worker handles what it has taken: what takes the place of that comes meanwhile. */
    void fetchAhead() {
        if (prioritized && mayFetch()) {
            // Also of those above what there is enough of.
            for (int lane = lanes.count() - 1; lane >= 0; lane--) {
                fetchElsewhere(lane);
            }
        }
    }

    /**
     * For a worker that has nothing to do: fetches, or has messages fetched.
     *
     * @return whether it is to look again; else there is nothing that could be fetched now
     */
    boolean fetch() throws InterruptedException {
        // Of several lanes everything is being fetched that may be.
        if (prioritized || !mayFetch()) {
            return false;
        }
        // A convoy may go on while its worker would wait for others.
        if (!receivers.single() || lanes.ordered()) {
            return fetchElsewhere(0);
        }
        int batch = batch(0);
        @Nullable Slot slot = batch <= 0 ? null : receivers.free(0);
        if (slot == null) {
            return false;
        }
        reserve(slot, batch);
        fetchHere(slot, batch);
        return true;
    }

    /** Under the lock, but not while it waits. */
    private void fetchHere(Slot slot, int max) throws InterruptedException {
        lock.unlock();
        List<HeldMessage<T>> fetched = List.of();
        try {
            fetched = receivers.fetch(slot, max);
        } finally {
            lock.lock();
            fetched(slot, max, fetched);
        }
    }

    /** Has messages of a lane fetched, if there is room for some and a receiver that nobody uses; whether there is. */
    private boolean fetchElsewhere(int lane) {
        boolean waits = prioritized && reservedOfLane[lane] > 0 && !flows[lane];
        int batch = waits ? 0 : batch(lane);
        @Nullable Slot slot = batch <= 0 ? null : receivers.free(lane);
        if (slot == null) {
            return false;
        }
        reserve(slot, batch);
        engine.blocking().execute(() -> fetchElsewhere(slot, batch));
        return true;
    }

    /** Until something comes, so that what one receive has begun is there for the next; with priorities, while there is room. */
    private void fetchElsewhere(Slot slot, int first) {
        for (int max = first; max > 0; ) {
            List<HeldMessage<T>> fetched = List.of();
            boolean again = false;
            try {
                fetched = withoutPassing(receivers.fetch(slot, max));
                again = (fetched.isEmpty() || prioritized) && slot.open();
            } catch (InterruptedException shutDown) {
                Thread.currentThread().interrupt();
            } finally {
                lock.lock();
                try {
                    fetched(slot, max, fetched);
                    again &= !prioritized || !fetched.isEmpty() || reservedOfLane[slot.lane()] == 0;
                    max = again && course.goesOn() && receivers.fetching() ? batch(slot.lane()) : 0;
                    if (max > 0) {
                        reserve(slot, max);
                    }
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    /** How many messages of a lane may be fetched now. */
    private int batch(int lane) {
        int room = limit - handled - reserved - aside.get() - buffer.startable();
        if (lanes.ordered()) {
            room = Math.min(room, LOOK_AHEAD - reserved - buffer.size());
        }
        if (lanes.count() > 1) {
            int sentOn = lanes.passes(lanes.all().get(lane)) ? passing.get() : 0;
            room = Math.min(room, prefetch - reservedOfLane[lane] - buffer.size(lane) - sentOn);
        }
        // What is fetched from other lanes may never come.
        room = course.room(room, reservedOfLane[lane] + buffer.untried());
        return Math.min(room, engine.limits().maxReceive());
    }

    /** What is to pass goes on at once: to wait for a worker it would take the room of higher levels. */
    private List<HeldMessage<T>> withoutPassing(List<HeldMessage<T>> fetched) {
        if (fetched.isEmpty() || !fetched.get(0).lane().passes()) {
            return fetched;
        }
        List<HeldMessage<T>> unreadable = new ArrayList<>();
        for (HeldMessage<T> message : fetched) {
            if (message.startPassing()) {
                passing.incrementAndGet();
                onward.accept(message);
            } else {
                unreadable.add(message);
            }
        }
        return unreadable;
    }

    private void reserve(Slot slot, int batch) {
        slot.busy = true;
        reserved += batch;
        reservedOfLane[slot.lane()] += batch;
    }

    private void fetched(Slot slot, int max, List<HeldMessage<T>> fetched) {
        slot.busy = false;
        reserved -= max;
        reservedOfLane[slot.lane()] -= max;
        flows[slot.lane()] = !fetched.isEmpty();
        arrived.accept(fetched);
    }

    /** A worker is through with a message that stays held for a while; it counts against what may be held. On any thread. */
    void setAside() {
        aside.incrementAndGet();
    }

    /** The end of {@link #setAside}, not under the lock. */
    void doneWithAside(HeldMessage<T> message) {
        aside.decrementAndGet();
        if (message.isPassing()) {
            passing.decrementAndGet();
        }
    }

    /** After a message that was sent on: all workers may be busy, and who is next may be among what waits in its lane. */
    void fetchBehind(HeldMessage<T> message) {
        if (message.isPassing() && course.goesOn() && receivers.fetching()) {
            fetchElsewhere(message.lane().number());
        }
    }
}
