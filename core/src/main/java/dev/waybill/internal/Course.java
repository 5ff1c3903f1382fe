package dev.waybill.internal;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How far a subscription may go: paused by the application or by its breaker, or ending. Those wait here who have messages in hand whose
 * handler has not started. Its lock is also that of the intake, which it tells of every change.
 */
final class Course implements Turn {
    final ReentrantLock lock = new ReentrantLock();

    private final Engine engine;
    private final Gate gate;
    private final Condition turns = lock.newCondition();
    private final Condition vacancies = lock.newCondition();

    /** Calls of the bulkhead. */
    private final AtomicLong ended = new AtomicLong();

    private volatile boolean paused;
    private volatile boolean stopping;
    private @Nullable Follower follower;

    Course(Engine engine, Gate gate) {
        this.engine = engine;
        this.gate = gate;
    }

    /** Who goes as far as this says. */
    interface Follower {
        /** Under the lock: a worker that waits, or all of them, are to look again. */
        void wake(boolean all);

        /** What may be fetched has changed. Blocks, while the receivers are told. */
        void changed();
    }

    /** Once, before anything changes. */
    void follower(Follower follower) {
        this.follower = follower;
    }

    private Follower follower() {
        return Objects.requireNonNull(follower, "follower(...) comes first");
    }

    void pause() {
        paused = true;
        follower().changed();
    }

    void resume() {
        paused = false;
        follower().changed();
    }

    /** No more messages: what was not started goes back, and every worker ends when it asks for the next. */
    void stop() {
        stopping = true;
        follower().changed();
    }

    @Override
    public boolean stopping() {
        return stopping;
    }

    /** Whether nothing is to be fetched and no handler to start, though it goes on later. */
    boolean halted() {
        return paused || gate.shut();
    }

    /** Whether it neither ends nor rests. */
    boolean goesOn() {
        return !stopping && !halted();
    }

    /** Whether a worker may start with what is there. */
    boolean passable() {
        return !stopping && !paused && gate.passable();
    }

    /** How many messages may be fetched, of so many that there is room for; see {@link Gate#room}. */
    int room(int usual, int waiting) {
        return gate.room(usual, waiting);
    }

    /** What the breaker makes the subscription wait for, in words, or null. */
    @Nullable
    String waitsFor() {
        return gate.waitsFor();
    }

    /** Under the lock: whoever has messages in hand looks again. */
    void wakeTurns() {
        turns.signalAll();
        vacancies.signalAll();
    }

    /** Looks how far the breaker lets the subscription go. Does not block: whoever changes the breaker calls it. */
    @Override
    public void look() {
        boolean turned;
        lock.lock();
        try {
            boolean wasShut = gate.shut();
            boolean changed = gate.look();
            turned = wasShut != gate.shut();
            if (changed) {
                wakeTurns();
            }
            // If the breaker has another trial to give, who takes it wakes the next.
            follower().wake(changed);
        } finally {
            lock.unlock();
        }
        if (turned) {
            engine.blocking().execute(follower()::changed);
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
            for (long left = nanos; left > 0 && goesOn() && !enough.getAsBoolean(); ) {
                try {
                    left = signal.awaitNanos(left);
                } catch (InterruptedException stray) {
                    // It is not for the handler, which has not started.
                    left = end - System.nanoTime();
                }
            }
            return goesOn();
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
}
