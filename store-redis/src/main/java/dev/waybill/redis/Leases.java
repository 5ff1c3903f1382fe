package dev.waybill.redis;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Renews what open transactions have claimed, and gives up what could not be given up at once. Its thread is there only while it is needed. Thread-safe. */
final class Leases {
    /** Between two attempts to reach a server that is away. */
    static final long PAUSE_MILLIS = 500;

    private final Server server;
    private final long millis;
    private final ScheduledThreadPoolExecutor thread;

    Leases(Server server, Duration length) {
        this.server = server;
        millis = length.toMillis();
        thread = new ScheduledThreadPoolExecutor(1, work -> {
            Thread renewing = new Thread(work, "waybill-redis-leases");
            renewing.setDaemon(true);
            return renewing;
        });
        thread.setRemoveOnCancelPolicy(true);
        thread.setKeepAliveTime(millis, TimeUnit.MILLISECONDS);
        thread.allowCoreThreadTimeOut(true);
    }

    Server server() {
        return server;
    }

    /** How long one lasts if it is not renewed. */
    long millis() {
        return millis;
    }

    /** Does it three times in the length of a lease, until it is cancelled. */
    ScheduledFuture<?> often(Runnable renewal) {
        long pause = millis / 3;
        return thread.scheduleWithFixedDelay(renewal, pause, pause, TimeUnit.MILLISECONDS);
    }

    void afterPause(Runnable attempt) {
        var unused = thread.schedule(attempt, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }
}
