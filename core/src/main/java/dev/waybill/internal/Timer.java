package dev.waybill.internal;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one timer thread of a Waybill. Tasks must not block; one that fails is logged, and a repeated one goes on. Not a daemon:
 * a program that only consumes stays alive until it closes its Waybill.
 */
final class Timer {
    private static final Logger LOG = LoggerFactory.getLogger(Timer.class);
    private static final AtomicLong NUMBER = new AtomicLong();

    private final ScheduledThreadPoolExecutor executor =
            new ScheduledThreadPoolExecutor(1, task -> new Thread(task, "waybill-timer-" + NUMBER.incrementAndGet()));

    Timer() {
        executor.setRemoveOnCancelPolicy(true);
        // After the close there is nothing left that a task could do; one that comes late is dropped.
        executor.setRejectedExecutionHandler((task, closed) -> LOG.trace("a task came after the close"));
    }

    void after(long millis, Runnable task) {
        Future<?> unused = executor.schedule(guarded(task), millis, TimeUnit.MILLISECONDS);
    }

    /** Once, unless the future is cancelled before. */
    Future<?> alarm(long nanos, Runnable task) {
        return executor.schedule(guarded(task), nanos, TimeUnit.NANOSECONDS);
    }

    /** Repeats until the future is cancelled. */
    Future<?> every(long millis, Runnable task) {
        return executor.scheduleWithFixedDelay(guarded(task), millis, millis, TimeUnit.MILLISECONDS);
    }

    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException | Error failed) {
                LOG.error("a task of the timer failed", failed);
            }
        };
    }

    void close() {
        executor.shutdownNow();
    }
}
