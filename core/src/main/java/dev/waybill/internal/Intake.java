package dev.waybill.internal;

import dev.waybill.spi.Held.Disposition;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where workers get their messages. A worker that finds the buffer empty fetches, for itself and for the others, while they
 * wait; so a message is handled on the thread that received it where one worker keeps up.
 *
 * <p>While the application has paused the subscription, or its breaker is open, nothing is fetched and nothing starts: what was not
 * started goes back where that does not count as a delivery, else it stays in the buffer, locked. Of an ordered queue everything stays
 * there until the end, when nothing is handled any more: what goes back while something of its key is being handled would overtake it.
 */
final class Intake<T> implements Course.Follower {
    private static final long PAUSE_MILLIS = 1000;

    private final Engine engine;
    private final Course course;
    private final boolean releaseIsFree;
    private final Fetching<T> fetching;
    private final Receivers<T> receivers;

    private final ReentrantLock lock;
    private final Condition ready;
    private int waiting;

    private final boolean prioritized;
    private final Ready<T> buffer;
    /** The buffer, if the queue is ordered by key. */
    private final @Nullable KeyedReady<T> keyed;

    /** Gives back, at the close or the pause, what was not started; does not block. */
    private volatile Consumer<List<HeldMessage<T>>> goBack = this::release;

    /** @param callSize the most messages of one call */
    Intake(
            Engine engine,
            Course course,
            Lanes lanes,
            int concurrency,
            int callSize,
            int prefetch,
            boolean releaseIsFree) {
        this.engine = engine;
        this.course = course;
        lock = course.lock;
        ready = lock.newCondition();
        prioritized = lanes.policy() != null;
        keyed = lanes.ordered() ? new KeyedReady<>(engine.time()::nanos) : null;
        buffer = keyed == null ? new LevelReady<>(lanes, engine.time()::nanos) : keyed;
        this.releaseIsFree = releaseIsFree && keyed == null;
        // To choose between levels is to have the next messages of each at hand.
        int ahead = prioritized ? Math.max(callSize, prefetch) : prefetch;
        fetching = new Fetching<>(
                engine, course, lanes, concurrency * callSize, ahead, buffer, this::add, this::settleLost);
        receivers = fetching.receivers();
        course.follower(this);
        if (course.halted()) {
            changed();
        }
    }

    /**
     * Says what sends messages on; before the first worker.
     *
     * @param onward one that was delayed and is due
     * @param goBack gives back some that were not started; does not block
     */
    void sendOn(Consumer<HeldMessage<T>> onward, Consumer<List<HeldMessage<T>>> goBack) {
        fetching.onward(onward);
        this.goBack = goBack;
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
            fetching.handled(-mine.size());
            putBack(mine);
            mine.clear();
            while (true) {
                // What is being fetched still comes, and is to be given back before the receivers are closed.
                if (course.stopping() ? !fetching.underWay() : worker.surplus()) {
                    ready.signal();
                    return false;
                }
                boolean passable = course.passable();
                boolean filled = passable && fill(mine, max);
                fetching.handled(mine.size());
                fetching.fetchAhead();
                if (filled) {
                    wakeNext();
                    return true;
                }
                if (!fetching.fetch()) {
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
        if (course.halted()) {
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
        return keyed == null && course.stopping() || course.halted() && releaseIsFree;
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

    /** @param handlers how many messages may be handled at once, from now on */
    void handlers(int handlers) {
        fetching.handlers(handlers);
        signalAll();
    }

    /** After the end of the course, when no handler runs any more: what is left goes back. */
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

    @Override
    public void wake(boolean all) {
        if (all) {
            ready.signalAll();
        } else if (waiting > 0) {
            ready.signal();
        }
    }

    @Override
    public void changed() {
        receivers.change(new Control());
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
                course.wakeTurns();
                return course.stopping()
                        ? Receivers.Mode.STOPPED
                        : course.halted() ? Receivers.Mode.PAUSED : Receivers.Mode.FETCHING;
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
        fetching.setAside();
    }

    /** The end of {@link #setAside}: it is decided. */
    void doneWithAside(HeldMessage<T> message) {
        fetching.doneWithAside(message);
        lock.lock();
        try {
            ended(message);
            fetching.fetchBehind(message);
            wakeNext();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a worker has something in hand. */
    boolean handles() {
        lock.lock();
        try {
            return fetching.handles();
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

    void close() {
        receivers.close();
    }
}
