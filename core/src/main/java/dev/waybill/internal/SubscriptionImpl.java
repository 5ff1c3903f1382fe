package dev.waybill.internal;

import dev.waybill.Health;
import dev.waybill.Outcome;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.WaybillObserver;
import dev.waybill.internal.Handling.Verdict;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Held.Disposition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A subscription: its workers, what they do with a verdict, and how it ends. */
final class SubscriptionImpl<T> implements Subscription {
    private static final Logger LOG = LoggerFactory.getLogger(SubscriptionImpl.class);
    private static final long DEAD_LETTER_PAUSE_MILLIS = 1000;
    private static final long SETTLE_GRACE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Engine engine;
    private final Destination destination;
    private final Handling<T> handling;
    private final @Nullable DeadLetterSink deadLetters;
    private final Intake<T> intake;
    private final Heartbeat heartbeat;
    private final int prefetch;
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
            Destination destination,
            Handling<T> handling,
            @Nullable DeadLetterSink deadLetters,
            boolean releaseIsFree,
            int concurrency,
            int prefetch,
            Duration drainTimeout,
            Consumer<SubscriptionImpl<?>> onClose) {
        this.engine = engine;
        this.destination = destination;
        this.handling = handling;
        this.deadLetters = deadLetters;
        this.prefetch = prefetch;
        this.drainTimeout = drainTimeout;
        this.onClose = onClose;
        this.concurrency = concurrency;
        timed = engine.observer() != WaybillObserver.NONE;
        intake = new Intake<>(engine, destination, held(concurrency), releaseIsFree);
        heartbeat = new Heartbeat(
                engine, this::eachHeld, destination.queue().lockDuration().toNanos());
        startWorkers();
    }

    private int held(int concurrency) {
        return concurrency * handling.maxBatch + prefetch;
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
                    handling.handle(mine, verdicts);
                }
            } finally {
                endOf(this);
            }
        }

        private void settleTimed(HeldMessage<T> message, Verdict verdict) {
            if (timed) {
                engine.observer().handled(message.queue(), verdict.outcome().kind(), System.nanoTime() - startedNanos);
            }
            settle(message, verdict);
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

    /** The one place where a verdict becomes what happens to the message. */
    private void settle(HeldMessage<T> message, Verdict verdict) {
        Outcome outcome = verdict.outcome();
        @Nullable Throwable failure = verdict.failure();
        if (failure != null) {
            LOG.debug("{} failed", message, failure);
        }
        switch (outcome.kind()) {
            case ACCEPT -> message.decide(Disposition.ACCEPT);
            case RELEASE -> message.decide(Disposition.RELEASE);
            case DEAD_LETTER -> deadLetter(message, outcome.reason(), failure);
            case RETRY -> {
                int most = destination.queue().maxDeliveries();
                if (message.deliveryCount() < most) {
                    message.decide(Disposition.RETRY);
                } else {
                    String why = failure == null ? "the handler asked for another" : failure.toString();
                    deadLetter(
                            message,
                            "delivery " + message.deliveryCount() + " of " + most + " failed: " + why,
                            failure);
                }
            }
        }
    }

    /**
     * Moves it, and keeps trying while the dead-letter queue cannot be reached: the message stays in its queue, locked by the
     * heartbeat, and this worker takes no other, so that an outage of the dead-letter queue loses nothing and burns nothing.
     */
    private void deadLetter(HeldMessage<T> message, String reason, @Nullable Throwable failure) {
        @Nullable DeadLetterSink sink = deadLetters;
        if (sink == null) {
            LOG.warn("{} was not taken ({}); it stays among the dead letters", message, reason);
            waitWhileOpen(DEAD_LETTER_PAUSE_MILLIS);
            message.decide(Disposition.RELEASE);
            return;
        }
        Backoff backoff = new Backoff();
        while (message.isHeld()) {
            try {
                sink.send(message, reason, failure).get();
                if (message.decide(Disposition.ACCEPT)) {
                    LOG.warn("{} went to the dead-letter queue: {}", message, reason);
                    engine.observer().deadLettered(message.queue(), reason);
                }
                return;
            } catch (ExecutionException refused) {
                if (refused.getCause() instanceof SendException cause
                        && cause.reason() == SendException.Reason.TOO_LARGE) {
                    // With the reason of its death it is larger than the broker takes; the broker's own limit moves it
                    // as it is.
                    message.decide(Disposition.RETRY);
                    return;
                }
                LOG.warn("{} cannot go to the dead-letter queue, trying again: {}", message, refused.getMessage());
                if (!waitWhileOpen(backoff.nextMillis())) {
                    message.decide(Disposition.RELEASE);
                }
            } catch (InterruptedException stopped) {
                message.decide(Disposition.RELEASE);
                return;
            }
        }
    }

    /** False if the subscription is closing. */
    private boolean waitWhileOpen(long millis) {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (!closing && left > 0) {
                left = ended.awaitNanos(left);
            }
            return !closing;
        } catch (InterruptedException stopped) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void eachHeld(Consumer<HeldMessage<?>> action) {
        intake.eachBuffered(action::accept);
        for (Worker worker : workersNow()) {
            intake.eachOf(worker.mine, action::accept);
        }
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
        intake.limit(held(wanted));
        startWorkers();
    }

    @Override
    public int concurrency() {
        return concurrency;
    }

    @Override
    public void pause() {
        paused = true;
        intake.pause();
    }

    @Override
    public void resume() {
        paused = false;
        intake.resume();
    }

    @Override
    public State state() {
        if (closed) {
            return State.CLOSED;
        }
        return intake.trouble() != null ? State.RECOVERING : paused ? State.PAUSED : State.RUNNING;
    }

    @Override
    public Health.Component health() {
        String name = destination.toString();
        @Nullable String trouble = intake.trouble();
        if (closed) {
            return new Health.Component("subscription", name, Health.Status.DOWN, "closed");
        }
        if (trouble != null) {
            return new Health.Component("subscription", name, Health.Status.DEGRADED, "recovering: " + trouble);
        }
        return new Health.Component(
                "subscription",
                name,
                Health.Status.UP,
                (paused ? "paused" : "running") + ", " + intake.unsettled() + " held");
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
        intake.stop();
        boolean finished = awaitWorkers(end);
        if (!finished) {
            abandon();
        }
        intake.flush();
        boolean settled = awaitSettled(end);
        heartbeat.stop();
        intake.close();
        if (deadLetters != null) {
            deadLetters.close();
        }
        lock.lock();
        try {
            drained = finished && settled;
            closed = true;
            ended.signalAll();
        } finally {
            lock.unlock();
        }
        onClose.accept(this);
        return finished && settled;
    }

    private boolean awaitWorkers(long end) {
        lock.lock();
        try {
            while (!workers.isEmpty()) {
                long left = end - System.nanoTime();
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

    /** Gives back what still runs; what its handler says later has no effect. */
    private void abandon() {
        for (Worker worker : workersNow()) {
            List<HeldMessage<T>> unfinished = new ArrayList<>();
            intake.eachOf(worker.mine, unfinished::add);
            for (HeldMessage<T> message : unfinished) {
                if (message.decide(Disposition.RELEASE)) {
                    LOG.warn("{} was still running at the deadline; it goes back to its queue", message);
                }
            }
            Thread thread = worker.thread;
            if (thread != null) {
                thread.interrupt();
            }
        }
    }

    private boolean awaitSettled(long end) {
        long last = Math.max(end, System.nanoTime() + SETTLE_GRACE_NANOS);
        return intake.awaitSettled(last);
    }
}
