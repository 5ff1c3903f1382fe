package dev.waybill.internal;

import dev.waybill.Health;
import dev.waybill.ProducerOptions;
import dev.waybill.Subscription;
import dev.waybill.WaybillObserver;
import dev.waybill.idempotency.IdempotencyStore;
import dev.waybill.internal.Handling.Verdict;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Held.Disposition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A subscription: its workers, what they do with a verdict, and how it ends. */
final class SubscriptionImpl<T> implements Subscription {
    private static final Logger LOG = LoggerFactory.getLogger(SubscriptionImpl.class);
    private static final long SETTLE_GRACE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Engine engine;
    private final Destination destination;
    private final Handling<T> handling;
    private final Course course;
    private final Intake<T> intake;
    private final Moves<T> moves;
    private final Handling.Verdicts<T> settler;
    private final Heartbeat heartbeat;
    private final GuardWatch guardWatch;
    private final @Nullable Once once;
    private final ClaimReader claims;
    private final Duration drainTimeout;
    private final Consumer<SubscriptionImpl<?>> onClose;

    /** Whether anybody wants to know how long handlers take. */
    private final boolean timed;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private final List<Worker> workers = new ArrayList<>();
    private final AtomicInteger running = new AtomicInteger();
    private volatile int concurrency;
    private volatile boolean paused;
    private boolean closing;
    private boolean drained;
    private volatile boolean closed;

    SubscriptionImpl(
            Engine engine,
            Lanes lanes,
            Handling<T> handling,
            ProducerOptions producing,
            BiFunction<Moves<T>, ClaimReader, Handling.Verdicts<T>> settling,
            boolean releaseIsFree,
            Guards guards,
            @Nullable IdempotencyStore store,
            Function<Turn, ClaimReader> claiming,
            int concurrency,
            int prefetch,
            Duration drainTimeout,
            Consumer<SubscriptionImpl<?>> onClose) {
        this.engine = engine;
        destination = lanes.first();
        this.handling = handling;
        this.drainTimeout = drainTimeout;
        this.onClose = onClose;
        this.concurrency = concurrency;
        timed = engine.observer() != WaybillObserver.NONE;
        course = new Course(engine, new Gate(guards.circuitBreaker(), handling.maxBatch));
        intake = new Intake<>(engine, course, lanes, concurrency, handling.maxBatch, prefetch, releaseIsFree);
        handling.guard(new Around(engine, destination, guards), course);
        once = store == null ? null : new Once(engine, destination.queue(), store, course);
        if (once != null) {
            handling.once(once);
        }
        claims = claiming.apply(course);
        handling.claims(claims);
        guardWatch = new GuardWatch(engine, guards, course);
        moves = new Moves<>(engine, destination, producing, releaseIsFree, intake);
        intake.sendOn(message -> moves.later(message, Math.max(0, message.notDueMillis())), moves::goBack);
        settler = settling.apply(moves, claims);
        heartbeat = new Heartbeat(
                engine, this::eachHeld, destination.queue().lockDuration().toNanos());
        startWorkers();
    }

    private void startWorkers() {
        lock.lock();
        try {
            while (!closing && running.get() < concurrency) {
                running.incrementAndGet();
                Worker worker = new Worker();
                workers.add(worker);
                worker.thread = Threads.start("handler", worker);
            }
        } finally {
            lock.unlock();
        }
    }

    /** One of the threads that handle. */
    private final class Worker implements Runnable, Intake.Worker {
        /** Changed and read by others under the intake's lock only. */
        private final ArrayList<HeldMessage<T>> mine = new ArrayList<>(handling.maxBatch);

        private @Nullable Thread thread;
        private final Handling.Verdicts<T> verdicts = this::settleTimed;
        private long startedNanos;
        private boolean left;

        @Override
        public void run() {
            try {
                while (takes()) {
                    startedNanos = timed ? System.nanoTime() : 0;
                    handle();
                }
            } finally {
                endOf(this);
            }
        }

        private void handle() {
            try {
                handling.handle(mine, verdicts);
            } catch (Throwable unexpected) {
                // A store, an observer or an exception of the application's own that throws where it should not: the
                // worker
                // lives on, and what nobody has decided fails.
                LOG.error("handling of {} failed unexpectedly", mine, unexpected);
                for (HeldMessage<T> message : mine) {
                    if (message.isHeld() && !message.heldBack() && !moves.has(message)) {
                        intake.giveBack(message, Disposition.RETRY);
                    }
                }
            }
        }

        private void settleTimed(HeldMessage<T> message, Verdict verdict) {
            if (verdict.held()) {
                message.holdBack(verdict == Verdict.HELD_LAST);
                return;
            }
            if (timed && verdict.laterMillis() == 0) {
                engine.observer().handled(message.queue(), verdict.outcome().kind(), System.nanoTime() - startedNanos);
            }
            settler.on(message, verdict);
        }

        private boolean takes() {
            while (true) {
                try {
                    return intake.take(mine, handling.maxBatch, this);
                } catch (InterruptedException stray) {
                    // Left behind by a handler, or meant for one that has just ended: the intake says when to stop.
                    LOG.debug("an interrupt reached a waiting handler thread of {}", destination);
                }
            }
        }

        @Override
        public boolean surplus() {
            for (int now = running.get(); now > concurrency; now = running.get()) {
                if (running.compareAndSet(now, now - 1)) {
                    left = true;
                    return true;
                }
            }
            return false;
        }
    }

    private void endOf(Worker worker) {
        lock.lock();
        try {
            if (!worker.left) {
                running.decrementAndGet();
            }
            workers.remove(worker);
            ended.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void eachHeld(Consumer<HeldMessage<?>> action) {
        intake.eachBuffered(action::accept);
        for (Worker worker : workersNow()) {
            intake.eachOf(worker.mine, action::accept);
        }
        moves.each(action);
    }

    private List<Worker> workersNow() {
        lock.lock();
        try {
            return List.copyOf(workers);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void concurrency(int wanted) {
        ConsumerImpl.checkConcurrency(wanted);
        concurrency = wanted;
        intake.handlers(wanted * handling.maxBatch);
        startWorkers();
    }

    @Override
    public int concurrency() {
        return concurrency;
    }

    @Override
    public void pause() {
        paused = true;
        course.pause();
    }

    @Override
    public void resume() {
        paused = false;
        course.resume();
    }

    @Override
    public State state() {
        if (closed) {
            return State.CLOSED;
        }
        if (intake.trouble() != null) {
            return State.RECOVERING;
        }
        return paused ? State.PAUSED : waitsFor() != null ? State.WAITING : State.RUNNING;
    }

    /** Whom it waits for, in words, or null. */
    private @Nullable String waitsFor() {
        @Nullable String breaker = course.waitsFor();
        return breaker != null ? breaker : claims.trouble();
    }

    @Override
    public Health.Component health() {
        String name = destination.toString();
        @Nullable String trouble = intake.trouble();
        int held = intake.unsettled();
        if (closed) {
            return new Health.Component("subscription", name, Health.Status.DOWN, "closed");
        }
        if (trouble != null) {
            return new Health.Component("subscription", name, Health.Status.DEGRADED, "recovering: " + trouble, held);
        }
        trouble = moves.trouble();
        if (trouble != null) {
            return new Health.Component("subscription", name, Health.Status.DEGRADED, trouble, held);
        }
        @Nullable String waitsFor = waitsFor();
        if (waitsFor != null && !paused) {
            return new Health.Component(
                    "subscription", name, Health.Status.DEGRADED, "waiting: " + waitsFor + ", " + held + " held", held);
        }
        return new Health.Component(
                "subscription", name, Health.Status.UP, (paused ? "paused" : "running") + ", " + held + " held", held);
    }

    @Override
    public void close() {
        close(drainTimeout);
    }

    @Override
    public boolean close(Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        lock.lock();
        try {
            if (workers.stream().anyMatch(worker -> worker.thread == Thread.currentThread())) {
                // A handler cannot wait for its own end.
                engine.blocking().execute(() -> close(deadline));
                return false;
            }
            if (closing) {
                while (!closed) {
                    ended.awaitUninterruptibly();
                }
                return drained;
            }
            closing = true;
            ended.signalAll();
        } finally {
            lock.unlock();
        }
        boolean whole = false;
        try {
            whole = drain(end);
        } finally {
            lock.lock();
            try {
                drained = whole;
                closed = true;
                ended.signalAll();
            } finally {
                lock.unlock();
            }
            onClose.accept(this);
        }
        return whole;
    }

    private boolean drain(long end) {
        try {
            course.stop();
            boolean finished = awaitWorkers(end);
            if (!finished) {
                abandon();
            }
            // What has been handed over is answered in a moment, also after the deadline; to give back what is on its
            // way would double it.
            boolean moved = moves.finish(withGrace(end));
            intake.end();
            intake.flush();
            return intake.awaitSettled(withGrace(end)) && finished && moved;
        } finally {
            heartbeat.stop();
            if (once != null) {
                once.close();
            }
            guardWatch.stop();
            intake.close();
            moves.close(end);
        }
    }

    private static long withGrace(long end) {
        return Math.max(end, System.nanoTime() + SETTLE_GRACE_NANOS);
    }

    /** A worker without a message ends in a moment, also after the deadline. */
    private boolean awaitWorkers(long end) {
        long last = withGrace(end);
        lock.lock();
        try {
            while (!workers.isEmpty()) {
                long left = (intake.handles() ? end : last) - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                ended.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Gives back what still runs, but for what is being sent on already; what its handler says later has no effect. */
    private void abandon() {
        for (Worker worker : workersNow()) {
            List<HeldMessage<T>> unfinished = new ArrayList<>();
            intake.eachOf(worker.mine, unfinished::add);
            for (HeldMessage<T> message : unfinished) {
                if (!moves.has(message) && message.decide(Disposition.RELEASE)) {
                    LOG.warn("{} was still running at the deadline; it goes back to its queue", message);
                }
            }
            Thread thread = worker.thread;
            if (thread != null) {
                thread.interrupt();
            }
        }
    }
}
