package dev.waybill.convoy;

import dev.waybill.Health;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Something that is done again and again, one at a time, on a thread of its own: one that waits holds up no other. */
final class ConvoyJob implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(ConvoyJob.class);

    /** What takes longer is told by the health: an action, a store or a broker that does not answer. */
    private static final long LONG_SECONDS = 60;

    private final ScheduledExecutorService thread;
    private final ConvoyListeners listeners;
    private final String what;
    private final LongSupplier work;
    private final LongSupplier nanos;
    private final AtomicBoolean asked = new AtomicBoolean();
    private volatile @Nullable String trouble;
    private volatile boolean working;
    private volatile long since;
    private volatile long pollMillis = Long.MAX_VALUE;
    private @Nullable ScheduledFuture<?> early;

    /**
     * @param work does some; in how many milliseconds there may be more, 0 if at once
     * @param nanos a clock, as {@link System#nanoTime}
     */
    ConvoyJob(ConvoyListeners listeners, String what, LongSupplier work, LongSupplier nanos) {
        this.listeners = listeners;
        this.what = what;
        this.work = work;
        this.nanos = nanos;
        ScheduledThreadPoolExecutor one = new ScheduledThreadPoolExecutor(1, task -> {
            Thread made = new Thread(task, "waybill-convoys-" + listeners.machine());
            made.setDaemon(true);
            return made;
        });
        // An early turn that waits would come after the stop.
        one.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        thread = one;
    }

    /** Does it so often, and when there is more in between; then at most ten times as often. */
    void start(long pollMillis) {
        this.pollMillis = pollMillis;
        var unused = thread.scheduleWithFixedDelay(this, pollMillis, pollMillis, TimeUnit.MILLISECONDS);
    }

    Health.Component health() {
        String why = trouble;
        long seconds = working ? TimeUnit.NANOSECONDS.toSeconds(nanos.getAsLong() - since) : 0;
        if (thread.isShutdown()) {
            return health(Health.Status.DOWN, what);
        }
        if (why != null) {
            return health(Health.Status.DEGRADED, "it is not possible to " + what + ": " + why);
        }
        return seconds < LONG_SECONDS
                ? health(Health.Status.UP, what)
                : health(Health.Status.DEGRADED, "it takes " + seconds + " s so far to " + what);
    }

    private Health.Component health(Health.Status status, String detail) {
        return new Health.Component("convoys", listeners.machine(), status, detail);
    }

    /** Not only at the next turn. */
    void soon() {
        if (!thread.isShutdown() && asked.compareAndSet(false, true)) {
            try {
                thread.execute(this);
            } catch (RejectedExecutionException closed) {
                LOG.debug("closed before it could {}", what);
            }
        }
    }

    @Override
    public synchronized void run() {
        asked.set(false);
        try {
            long next = some();
            while (next == 0 && !thread.isShutdown()) {
                next = some();
            }
            if (next < pollMillis && !thread.isShutdown()) {
                early(Math.max(next, pollMillis / 10));
            }
        } catch (RuntimeException | Error e) {
            // What escaped here would end the schedule.
            if (e instanceof ConvoyStoreException) {
                listeners.storeFailed();
            }
            if (trouble != null) {
                LOG.debug("still not possible to {}: {}", what, e.toString());
            } else {
                LOG.warn("it is not possible to {}; tried again all the time", what, e);
            }
            trouble = e.toString();
        }
    }

    private void early(long millis) {
        if (early != null) {
            early.cancel(false);
        }
        try {
            early = thread.schedule(this, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            LOG.debug("closed before it could {}", what);
        }
    }

    private long some() {
        since = nanos.getAsLong();
        working = true;
        try {
            long next = work.getAsLong();
            trouble = null;
            return next;
        } finally {
            working = false;
        }
    }

    /** Nothing more is begun, unless somebody runs it: once, then. */
    void stop() {
        thread.shutdown();
    }

    /** Waits for what is under way, for as long as it is worth; whether it has ended. */
    boolean awaitEnd() throws InterruptedException {
        boolean ended = thread.awaitTermination(30, TimeUnit.SECONDS);
        if (!ended) {
            LOG.warn("it takes long to {}; that is not waited for", what);
        }
        return ended;
    }
}
