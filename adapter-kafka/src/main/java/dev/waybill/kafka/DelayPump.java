package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import java.time.Duration;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that moves the delayed messages of one queue on. Whatever goes wrong, it starts over, with a new session if need be,
 * after a while and until it is closed; it ends by itself only when the queue has no delay topic any more.
 */
final class DelayPump implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(DelayPump.class);
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** How long a session that has nothing to move must last before it counts as one that works. */
    private static final long PROVEN_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final String queue;
    private final Supplier<NavigableSet<Integer>> look;
    private final Supplier<DelaySession> opening;
    private final Thread thread;
    private final Object latch = new Object();

    private volatile NavigableSet<Integer> levels = Collections.emptyNavigableSet();
    private volatile @Nullable DelaySession session;
    private volatile @Nullable BrokerException failure;
    private volatile boolean closing;
    private volatile boolean ended;
    private long pauseNanos = FIRST_PAUSE_NANOS;

    /**
     * @param look which levels there are; throws a {@link BrokerException} if that is not known, or the queue does not exist
     * @param opening opens a session, which this closes
     */
    DelayPump(String queue, Supplier<NavigableSet<Integer>> look, Supplier<DelaySession> opening) {
        this.queue = queue;
        this.look = look;
        this.opening = opening;
        this.thread = new Thread(this, "waybill-kafka-" + queue + "-delays");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    String queue() {
        return queue;
    }

    /** What keeps it from moving anything, or null. */
    @Nullable
    BrokerException failure() {
        return failure;
    }

    /** For its metrics; null while there is none. */
    @Nullable
    Consumer<byte[], byte[]> consumer() {
        DelaySession open = session;
        return open == null ? null : open.consumer();
    }

    /** Whether it has ended by itself. */
    boolean ended() {
        return ended;
    }

    /** There are more levels. */
    void found(NavigableSet<Integer> more) {
        synchronized (latch) {
            NavigableSet<Integer> all = new TreeSet<>(levels);
            if (all.addAll(more)) {
                levels = Collections.unmodifiableNavigableSet(all);
                wakeUp();
            }
        }
    }

    private void wakeUp() {
        DelaySession open = session;
        if (open != null) {
            open.wakeUp();
        }
    }

    @Override
    public void run() {
        try {
            while (!closing && exists()) {
                work();
            }
        } finally {
            end();
            ended = true;
        }
    }

    /** Whether there is anything to read, as far as is known. */
    private boolean exists() {
        levels = Collections.emptyNavigableSet();
        try {
            // Some may have been found by others since it was asked.
            found(look.get());
            return !levels.isEmpty();
        } catch (RuntimeException unknown) {
            pause(unknown);
            return true;
        }
    }

    private void work() {
        if (levels.isEmpty()) {
            return;
        }
        try {
            DelaySession open = open();
            long began = System.nanoTime();
            while (!closing) {
                if (open.round(levels) || failure != null && System.nanoTime() - began > PROVEN_NANOS) {
                    failure = null;
                    pauseNanos = FIRST_PAUSE_NANOS;
                }
            }
        } catch (RuntimeException failed) {
            DelaySession open = session;
            if (open != null && !open.recovers(failed)) {
                end();
            }
            pause(failed);
        }
    }

    private DelaySession open() {
        DelaySession open = session;
        if (open == null) {
            open = opening.get();
            if (failure != null) {
                open.doubt();
            }
            synchronized (latch) {
                session = open;
            }
        }
        return open;
    }

    private void end() {
        DelaySession open = session;
        synchronized (latch) {
            session = null;
        }
        if (open != null) {
            try {
                open.close();
            } catch (RuntimeException failed) {
                LOG.debug("the session that moved what was delayed of '{}' did not close well", queue, failed);
            }
        }
    }

    private void pause(RuntimeException cause) {
        if (closing) {
            LOG.debug("moving what was delayed of '{}' ends with a failure", queue, cause);
            return;
        }
        BrokerException meaning = Failures.broker("moving what was delayed of '" + queue + "' failed", cause);
        failure = meaning;
        LOG.warn("{}; trying again in {} ms", meaning.getMessage(), TimeUnit.NANOSECONDS.toMillis(pauseNanos));
        LOG.debug("it failed so", cause);
        long until = System.nanoTime() + pauseNanos;
        for (long left = pauseNanos; left > 0 && !closing; left = until - System.nanoTime()) {
            LockSupport.parkNanos(this, left);
        }
        pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
    }

    /** Asks it to end; {@link #join} waits for that. */
    void close() {
        synchronized (latch) {
            closing = true;
            wakeUp();
        }
        LockSupport.unpark(thread);
    }

    /** Waits for its end; what it has under way then ends within the time-outs of its clients. */
    void join() {
        try {
            thread.join(CLOSE.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
