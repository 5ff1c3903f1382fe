package dev.waybill.internal;

import dev.waybill.internal.Receivers.Slot;
import dev.waybill.spi.Held.Disposition;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where workers get their messages. A worker that finds the buffer empty fetches, for itself and for the others, while they
 * wait; so a message is handled on the thread that received it where one worker keeps up. Where it takes several receivers,
 * each waits on a thread of its own, or a worker would wait in one while another has brought something for it.
 *
 * <p>At most {@code concurrency + prefetch} messages are held; of a queue with several lanes as many as are handled, and the
 * prefetch of each, so that its first is at hand when the next is to be chosen, and what a receiver fetches ahead. What was delayed, and
 * is due in a lane of its own, goes on from here to that in which its level counts. While the application has paused the subscription,
 * or its breaker is open, nothing is fetched and nothing starts: what was not started goes back where that does not count as a
 * delivery, else it stays in the buffer, locked. Of an ordered queue everything stays there until the end, when nothing is handled
 * any more: what goes back while something of its key is being handled would overtake it.
 */
final class Intake<T> implements Turn {
    /** How many messages of an ordered queue may be held, so that those behind others of their key leave room for other keys. */
    private static final int LOOK_AHEAD = 1000;

    private static final long PAUSE_MILLIS = 1000;

    private final Engine engine;
    private final boolean releaseIsFree;
    private final Receivers<T> receivers;
    private final Gate gate;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ready = lock.newCondition();
    /** Where those wait who have something in hand; see {@link Turn}. */
    private final Condition turns = lock.newCondition();

    private final Condition vacancies = lock.newCondition();

    private final Lanes lanes;
    /** Whether what is next may be something that is still to be fetched. */
    private final boolean prioritized;

    private final Ready<T> buffer;
    /** The buffer, if the queue is ordered by key. */
    private final @Nullable KeyedReady<T> keyed;
    /** How many messages of each lane may wait for a worker. */
    private final int prefetch;

    private volatile int limit;

    private int handling;
    private int reserved;
    private final int[] reservedOfLane;
    /** Whether the last fetch brought something: then others beside it are worth their while. */
    private final boolean[] flows;

    private int waiting;
    /** Messages that no worker handles any more and that are not settled yet. */
    private final AtomicInteger aside = new AtomicInteger();
    /** Those of them that were delayed, and are on their way to where their level counts. */
    private final AtomicInteger passing = new AtomicInteger();

    /** Sends those on. */
    private volatile Consumer<HeldMessage<T>> onward = message -> message.decide(Disposition.RELEASE);
    /** Gives back, at the close or the pause, what was not started; does not block. */
    private volatile Consumer<List<HeldMessage<T>>> goBack = this::release;

    /** Calls of the bulkhead. */
    private final AtomicLong ended = new AtomicLong();

    private volatile boolean paused;
    private volatile boolean stopping;

    /**
     * Opens the first receiver of each lane, so that what is wrong from the start is said at the start.
     *
     * @param callSize the most messages of one call
     */
    Intake(Engine engine, Lanes lanes, int concurrency, int callSize, int prefetch, boolean releaseIsFree, Gate gate) {
        this.engine = engine;
        this.lanes = lanes;
        prioritized = lanes.policy() != null;
        // To choose between levels is to have the next messages of each at hand.
        this.prefetch = prioritized ? Math.max(callSize, prefetch) : prefetch;
        int handlers = concurrency * callSize;
        reservedOfLane = new int[lanes.count()];
        flows = new boolean[lanes.count()];
        keyed = lanes.ordered() ? new KeyedReady<>(engine.time()::nanos) : null;
        buffer = keyed == null ? new LevelReady<>(lanes, engine.time()::nanos) : keyed;
        limit = handlers + lanes.count() * this.prefetch;
        this.releaseIsFree = releaseIsFree && keyed == null;
        this.gate = gate;
        receivers = new Receivers<>(engine, lanes, handlers + ahead(), this::settleLost);
        if (gate.shut()) {
            receivers.change(new Control());
        }
    }

    /**
     * Says what sends messages on; before the first worker.
     *
     * @param onward one that was delayed and is due
     * @param goBack gives back some that were not started; does not block
     */
    void sendOn(Consumer<HeldMessage<T>> onward, Consumer<List<HeldMessage<T>>> goBack) {
        this.onward = onward;
        this.goBack = goBack;
    }

    /** How many messages a receiver may hold beyond those that are handled. */
    private int ahead() {
        return keyed == null ? prefetch : Math.max(prefetch, LOOK_AHEAD);
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
            putBack(mine);
            mine.clear();
            while (true) {
                // What is being fetched still comes, and is to be given back before the receivers are closed.
                if (stopping ? reserved == 0 : worker.surplus()) {
                    ready.signal();
                    return false;
                }
                boolean passable = !stopping && !paused && gate.passable();
                boolean fetching = passable && receivers.fetching();
                boolean filled = passable && fill(mine, max);
                handling += mine.size();
                if (fetching && prioritized) {
                    // What takes the place of these comes while they are handled.
                    fetchLanes();
                }
                if (filled) {
                    wakeNext();
                    return true;
                }
                // A convoy may go on while its worker would wait for others.
                if (fetching && receivers.single() && !prioritized && keyed == null) {
                    int batch = batch(0);
                    Slot slot = batch <= 0 ? null : receivers.free(0);
                    if (slot == null) {
                        await(true);
                    } else {
                        reserve(slot, batch);
                        fetchHere(slot, batch);
                    }
                } else if (!fetching || prioritized || !fetchElsewhere(0)) {
                    await(passable);
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

    /** What was not handled after all comes first again; what was tried in vain comes last, so that it cannot take all trials. */
    private void putBack(List<HeldMessage<T>> mine) {
        for (int i = mine.size() - 1; i >= 0; i--) {
            HeldMessage<T> message = mine.get(i);
            // At the deadline of a close it may have been decided in the worker's hands.
            if (!message.heldBack() || !message.isHeld()) {
                if (keyed != null && !message.isHeld()) {
                    ended(message);
                }
                continue;
            }
            boolean tried = message.takeBack();
            if (goesBack()) {
                goBack.accept(List.of(message));
            } else {
                buffer.putBack(message, tried);
            }
        }
        giveUpLost();
    }

    /** What has not been started and has lost its lock comes again by itself; who waits for it wants it soon. */
    private void settleLost() {
        lock.lock();
        try {
            release(buffer.takeLost());
            wakeNext();
        } finally {
            lock.unlock();
        }
    }

    /** While nothing starts, nobody comes upon what was lost on its way here. */
    private void giveUpLost() {
        if (halted()) {
            release(buffer.takeLost());
        }
    }

    private void ended(HeldMessage<T> message) {
        release(buffer.ended(message));
    }

    private void release(List<HeldMessage<T>> messages) {
        messages.forEach(message -> message.decide(Disposition.RELEASE));
    }

    /** Whether what is not started goes back now. */
    private boolean goesBack() {
        return keyed == null && stopping || halted() && releaseIsFree;
    }

    /** Gives a message back that was taken; of an ordered queue it stays here for a moment, since what comes after it would overtake it. */
    void giveBack(HeldMessage<T> message, Disposition disposition) {
        if (keyed == null) {
            message.decide(disposition);
        } else {
            again(message, PAUSE_MILLIS, disposition == Disposition.RETRY);
        }
    }

    /** Has a message of an ordered queue handled again after so long, before all others of its key; it stays here. */
    void again(HeldMessage<T> message, long millis, boolean tried) {
        KeyedReady<T> convoys = Objects.requireNonNull(keyed, "only of an ordered queue");
        HeldMessage<T> next;
        lock.lock();
        try {
            next = message.again(tried);
            if (next == null) {
                return;
            }
            if (next.lockGone(engine.time().nanos())) {
                next.decide(Disposition.RELEASE);
                ended(message);
                return;
            }
            convoys.rest(message, next);
            if (millis <= 0) {
                convoys.due(next);
                return;
            }
        } finally {
            lock.unlock();
        }
        engine.timer().after(millis, () -> due(convoys, next));
    }

    private void due(KeyedReady<T> convoys, HeldMessage<T> message) {
        lock.lock();
        try {
            convoys.due(message);
            wakeNext();
        } finally {
            lock.unlock();
        }
    }

    private boolean halted() {
        return paused || gate.shut();
    }

    private boolean fill(List<HeldMessage<T>> mine, int max) {
        long now = buffer.startable() == 0 ? 0 : engine.time().nanos();
        while (mine.size() < max) {
            HeldMessage<T> next = buffer.poll();
            if (next == null) {
                break;
            }
            if (next.lockGone(now)) {
                // It comes again by itself; to settle it tells the adapter that we are through with it.
                next.decide(Disposition.RELEASE);
                ended(next);
            } else {
                mine.add(next);
            }
        }
        return !mine.isEmpty();
    }

    private void await(boolean passable) throws InterruptedException {
        // Without a slot in backoff, whatever makes a difference signals.
        long wait = passable ? receivers.nanosToRetry() : Long.MAX_VALUE;
        waiting++;
        try {
            if (wait == Long.MAX_VALUE) {
                ready.await();
            } else {
                ready.awaitNanos(wait);
            }
        } finally {
            waiting--;
        }
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

    /** Also of those above what there is enough of. */
    private void fetchLanes() {
        for (int lane = lanes.count() - 1; lane >= 0; lane--) {
            fetchElsewhere(lane);
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
                    max = again && !halted() && !stopping && receivers.fetching() ? batch(slot.lane()) : 0;
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
        int room = limit - handling - reserved - aside.get() - buffer.startable();
        if (keyed != null) {
            room = Math.min(room, LOOK_AHEAD - reserved - buffer.size());
        }
        if (lanes.count() > 1) {
            int sentOn = lanes.passes(lanes.all().get(lane)) ? passing.get() : 0;
            room = Math.min(room, prefetch - reservedOfLane[lane] - buffer.size(lane) - sentOn);
        }
        // What is fetched from other lanes may never come.
        room = gate.room(room, reservedOfLane[lane] + buffer.untried());
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
        add(fetched);
    }

    private void add(List<HeldMessage<T>> fetched) {
        if (goesBack()) {
            goBack.accept(fetched);
        } else {
            fetched.forEach(buffer::add);
            giveUpLost();
        }
        ready.signal();
    }

    /** One who waits, if there is something to take, or nobody fetches; that one wakes the next. */
    private void wakeNext() {
        if (waiting > 0 && (buffer.startable() > 0 || receivers.idle())) {
            ready.signal();
        }
    }

    /** Settles what is decided, on every receiver. */
    void flush() {
        receivers.flush();
    }

    /** @param handlers how many messages may be handled at once */
    void handlers(int handlers) {
        limit = handlers + lanes.count() * prefetch;
        receivers.limit(handlers + ahead());
        signalAll();
    }

    void pause() {
        paused = true;
        receivers.change(new Control());
    }

    void resume() {
        paused = false;
        receivers.change(new Control());
    }

    /** No more messages: what was not started goes back, now or at the {@link #end}, and every worker ends when it asks for the next. */
    void stop() {
        stopping = true;
        receivers.change(new Control());
    }

    /** After the {@link #stop}, when no handler runs any more: what is left goes back. */
    void end() {
        List<HeldMessage<T>> left = new ArrayList<>();
        lock.lock();
        try {
            buffer.drainTo(left);
        } finally {
            lock.unlock();
        }
        release(left);
    }

    /** Looks how far the breaker lets the subscription go. Does not block: whoever changes the breaker calls it. */
    @Override
    public void look() {
        boolean changed;
        boolean wasShut;
        lock.lock();
        try {
            wasShut = gate.shut();
            changed = gate.look();
            if (changed) {
                ready.signalAll();
                turns.signalAll();
                vacancies.signalAll();
            } else if (waiting > 0) {
                // If the breaker has another trial to give, who takes it wakes the next.
                ready.signal();
            }
        } finally {
            lock.unlock();
        }
        if (changed && wasShut != gate.shut()) {
            engine.blocking().execute(() -> receivers.change(new Control()));
        }
    }

    @Override
    public void refused() {
        look();
        lock.lock();
        try {
            gate.refuse();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean stopping() {
        return stopping;
    }

    @Override
    public boolean await(long nanos) {
        return await(turns, nanos, () -> false);
    }

    @Override
    public long ended() {
        return ended.get();
    }

    @Override
    public boolean awaitEnd(long seen, long nanos) {
        return await(vacancies, nanos, () -> ended.get() != seen);
    }

    /** Until the condition holds, or so long; false, at once, if no handler is to start now. */
    private boolean await(Condition signal, long nanos, BooleanSupplier enough) {
        long end = System.nanoTime() + nanos;
        lock.lock();
        try {
            for (long left = nanos; left > 0 && !stopping && !halted() && !enough.getAsBoolean(); ) {
                try {
                    left = signal.awaitNanos(left);
                } catch (InterruptedException stray) {
                    // It is not for the handler, which has not started.
                    left = end - System.nanoTime();
                }
            }
            return !stopping && !halted();
        } finally {
            lock.unlock();
        }
    }

    /** A call of the bulkhead has ended. Does not block. */
    void callEnded() {
        lock.lock();
        try {
            ended.incrementAndGet();
            vacancies.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Tells the receivers what follows from what the subscription may do now, and wakes the workers. */
    private final class Control implements Receivers.Change<T> {
        private final List<HeldMessage<T>> released = new ArrayList<>();

        @Override
        public Receivers.Mode mode() {
            lock.lock();
            try {
                if (goesBack()) {
                    buffer.drainTo(released);
                }
                ready.signalAll();
                turns.signalAll();
                vacancies.signalAll();
                return stopping ? Receivers.Mode.STOPPED : halted() ? Receivers.Mode.PAUSED : Receivers.Mode.FETCHING;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void done(List<HeldMessage<T>> left) {
            goBack.accept(released);
            lock.lock();
            try {
                add(left);
                // Whoever looked before the receivers were told waits for this.
                ready.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void signalAll() {
        lock.lock();
        try {
            ready.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The messages that are buffered. Those that are lost give their room to others, since the turn of a low one may never come. */
    void eachBuffered(Consumer<HeldMessage<T>> action) {
        boolean[] lost = new boolean[1];
        lock.lock();
        try {
            long now = engine.time().nanos();
            buffer.forEach(message -> {
                lost[0] |= prioritized && message.lockGone(now);
                action.accept(message);
            });
        } finally {
            lock.unlock();
        }
        if (lost[0]) {
            engine.blocking().execute(this::settleLost);
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

    /** A worker is through with a message that stays held for a while; it counts against what may be held. */
    void setAside() {
        aside.incrementAndGet();
    }

    /** The end of {@link #setAside}: it is decided. */
    void doneWithAside(HeldMessage<T> message) {
        aside.decrementAndGet();
        if (message.isPassing()) {
            passing.decrementAndGet();
        }
        lock.lock();
        try {
            ended(message);
            if (message.isPassing() && !halted() && !stopping && receivers.fetching()) {
                // All workers may be busy, and who is next may be among what waits there.
                fetchElsewhere(message.lane().number());
            }
            wakeNext();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a worker has something in hand. */
    boolean handles() {
        lock.lock();
        try {
            return handling > 0;
        } finally {
            lock.unlock();
        }
    }

    int unsettled() {
        return receivers.unsettled().count();
    }

    /** Waits until all that was received is settled or lost; false if {@code System.nanoTime()} reaches the end first. */
    boolean awaitSettled(long end) {
        return receivers.unsettled().awaitNone(end);
    }

    /** What is wrong with a receiver, or null. */
    @Nullable
    String trouble() {
        return receivers.trouble();
    }

    /** What the breaker makes the subscription wait for, in words, or null. */
    @Nullable
    String waitsFor() {
        return gate.waitsFor();
    }

    void close() {
        receivers.close();
    }
}
