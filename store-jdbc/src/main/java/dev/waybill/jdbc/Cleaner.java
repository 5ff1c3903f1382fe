package dev.waybill.jdbc;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes what has expired, now and then, on a daemon thread of its own. */
final class Cleaner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Cleaner.class);
    private static final int BATCH = 1000;

    private final JdbcIdempotencyStore store;
    private final ScheduledExecutorService thread;
    private final ScheduledFuture<?> schedule;

    Cleaner(JdbcIdempotencyStore store, Duration interval) {
        this.store = store;
        this.thread = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread cleaner = new Thread(work, "waybill-idempotency-cleaner");
            cleaner.setDaemon(true);
            return cleaner;
        });
        schedule = thread.scheduleWithFixedDelay(
                this::clean, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void clean() {
        try {
            int deleted = 0;
            int batch = BATCH;
            while (batch == BATCH && !thread.isShutdown()) {
                batch = store.deleteExpired(BATCH);
                deleted += batch;
            }
            LOG.debug("{}: deleted {} rows that had expired", store, deleted);
        } catch (RuntimeException e) {
            // What escaped here would end the schedule.
            LOG.warn("{}: what has expired could not be deleted; tried again in a while", store, e);
        }
    }

    /** Begins no further batch. Does not wait. */
    @Override
    public void close() {
        schedule.cancel(false);
        thread.shutdown();
    }
}
