package dev.waybill.sqs;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls one queue. At most one poll is open, on a thread of its own, so that a pause, a close or an interrupt need not wait
 * for its answer. What an answer brings while nobody receives is kept for the next receive, for half its lock; then, or when
 * the receiver is stopped before the answer comes, it is given back. What a pause finds on its way is kept for the first receive
 * after it, however late that comes, since to give it back would count as a delivery.
 */
final class SqsReceiver implements Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(SqsReceiver.class);
    private static final Duration LAST_WAIT = Duration.ofSeconds(5);

    private final Poller poller;
    private final OpenPolls polls;
    private final Settlements settlements;
    private final Executor blocking;
    private final TimeSource time;
    private final long lockNanos;
    private final Runnable onBroken;

    private final ReentrantLock lock = new ReentrantLock();

    /** Something came, or the state changed: for the waiting receive. */
    private final Condition changed = lock.newCondition();

    /** For the guard of what waits in {@code ready}. */
    private final Condition taken = lock.newCondition();

    private final ArrayDeque<SqsInbound> ready = new ArrayDeque<>();
    private boolean polling;
    private boolean receiving;
    private boolean guarded;
    private @Nullable BrokerException failure;
    private volatile int prefetch;
    private boolean paused;

    /** Whether what waits in {@code ready} was caught by a pause, also a past one. */
    private boolean caught;

    private volatile boolean stopped;

    /** @param onBroken called when a poll has failed */
    SqsReceiver(
            Poller poller,
            OpenPolls polls,
            Settlements settlements,
            int prefetch,
            Duration lockDuration,
            Executor blocking,
            TimeSource time,
            Runnable onBroken) {
        this.poller = poller;
        this.polls = polls;
        this.settlements = settlements;
        this.prefetch = prefetch;
        this.blocking = blocking;
        this.time = time;
        this.onBroken = onBroken;
        lockNanos = lockDuration.toNanos();
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        lock.lockInterruptibly();
        receiving = true;
        try {
            return await(Math.min(max, prefetch), wait.toNanos());
        } finally {
            receiving = false;
            guardReady();
            lock.unlock();
        }
    }

    /** A wait of nothing still waits for the answer of one poll that SQS does not hold back. */
    private List<Inbound> await(int max, long wait) throws InterruptedException {
        long left = wait;
        boolean asked = false;
        while (!paused && !stopped) {
            List<Inbound> messages = take(max);
            if (!messages.isEmpty()) {
                return messages;
            }
            BrokerException failed = failure;
            if (failed != null) {
                failure = null;
                throw failed;
            }
            if (!polling && (left > 0 || !asked)) {
                polling = true;
                asked = true;
                long seconds = wait <= 0 ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toSeconds(left));
                blocking.execute(() -> poll(max, seconds));
            }
            if (wait <= 0) {
                if (!polling) {
                    break;
                }
                changed.await();
            } else if (left > 0) {
                left = changed.awaitNanos(left);
            } else {
                break;
            }
        }
        return List.of();
    }

    /** Without those whose lock has ended while they waited here; they come again by themselves. */
    private List<Inbound> take(int max) {
        List<Inbound> messages = new ArrayList<>(Math.min(max, ready.size()));
        while (messages.size() < max && !ready.isEmpty()) {
            SqsInbound next = ready.remove();
            if (!next.lost()) {
                messages.add(next);
            }
        }
        releaseCaught();
        if (guarded) {
            taken.signalAll();
        }
        return messages;
    }

    /** Once what a pause has caught is received, or nothing came. */
    private void releaseCaught() {
        caught &= paused || polling || !ready.isEmpty();
    }

    @Override
    public boolean ready() {
        lock.lock();
        try {
            return !ready.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void poll(int max, long seconds) {
        // Counted before it looks whether it still may, so that whoever closes the client after a stop waits for it.
        polls.start();
        try {
            List<SqsInbound> messages = List.of();
            @Nullable BrokerException failed = null;
            try {
                if (!stopped) {
                    messages = poller.poll(max, seconds);
                }
            } catch (RuntimeException wrong) {
                failed = Faults.of(wrong);
                onBroken.run();
            } finally {
                answered(messages, failed);
            }
        } finally {
            polls.end();
        }
    }

    private void answered(List<SqsInbound> messages, @Nullable BrokerException failed) {
        boolean abandoned;
        lock.lock();
        try {
            polling = false;
            abandoned = stopped;
            if (!abandoned) {
                failure = paused ? null : failed;
                ready.addAll(messages);
                releaseCaught();
                if (!receiving) {
                    guardReady();
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (abandoned) {
            polls.answered(() -> settlements.giveBackHere(messages));
        }
    }

    /** Under the lock: while messages wait and nobody receives, a thread looks after their locks. */
    private void guardReady() {
        if (!ready.isEmpty() && !guarded && !stopped) {
            guarded = true;
            blocking.execute(this::guard);
        }
    }

    /**
     * What a pause has caught is kept by extending its locks, since to give back would count as a delivery; else it is better that
     * others get it.
     */
    private void guard() {
        lock.lock();
        try {
            while (!ready.isEmpty() && !stopped) {
                long left = ready.element().lockedUntilNanos() - lockNanos / 2 - time.nanos();
                if (left > 0) {
                    taken.awaitNanos(left);
                } else if (caught) {
                    keepReady();
                } else {
                    settlements.giveBack(removeReady());
                }
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            settlements.giveBack(removeReady());
        } finally {
            guarded = false;
            lock.unlock();
        }
    }

    private void keepReady() {
        List<SqsInbound> kept = List.copyOf(ready);
        lock.unlock();
        try {
            settlements.keep(kept);
        } finally {
            lock.lock();
        }
        // What could not be kept comes again by itself.
        long now = time.nanos();
        ready.removeIf(message -> message.lockedUntilNanos() - lockNanos / 2 - now <= 0);
    }

    private List<SqsInbound> removeReady() {
        List<SqsInbound> all = List.copyOf(ready);
        ready.clear();
        return all;
    }

    /** Locks are reckoned by a clock that stands still while the machine is suspended. */
    @Override
    public long silenceNanos() {
        return lockNanos;
    }

    @Override
    public void settle(List<? extends Held> batch) {
        settlements.settle(batch);
    }

    @Override
    public boolean canDelay(Inbound message, long delayMillis) {
        return settlements.canDelay((SqsInbound) message, delayMillis);
    }

    @Override
    public void extend(List<? extends Held> held) {
        settlements.extend(held);
    }

    /** Bounds what one poll asks for. What is handed over is bounded by core, which asks for no more than it has room for. */
    @Override
    public void prefetch(int limit) {
        prefetch = limit;
    }

    @Override
    public void pause() {
        change(() -> {
            paused = true;
            caught = true;
        });
    }

    @Override
    public List<Inbound> stop() {
        return List.copyOf(halt());
    }

    /** Stops, and returns what is not handed over. */
    private List<SqsInbound> halt() {
        lock.lock();
        try {
            if (polling && !stopped) {
                polls.abandon();
            }
            stopped = true;
            changed.signalAll();
            taken.signalAll();
            return removeReady();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void resume() {
        change(() -> {
            paused = false;
            releaseCaught();
        });
    }

    private void change(Runnable state) {
        lock.lock();
        try {
            state.run();
            changed.signalAll();
            taken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        settlements.giveBack(halt());
        if (!settlements.awaitDone(LAST_WAIT)) {
            LOG.warn("settlements are still under way {} after the close", LAST_WAIT);
        }
    }
}
