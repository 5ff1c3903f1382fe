package dev.waybill.tck;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the output when this process got no time to run for a while, since locks of seconds end meanwhile, and what failed then
 * may have failed for that.
 */
final class StandstillWatch {
    private static final Logger LOG = LoggerFactory.getLogger(StandstillWatch.class);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long WORTH_SAYING_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private StandstillWatch() {}

    /** Watches from now on, until the process ends. */
    static void start() {
        Thread watch = new Thread(StandstillWatch::watch, "standstill-watch");
        watch.setDaemon(true);
        watch.start();
    }

    private static void watch() {
        for (long before = System.nanoTime(); ; ) {
            LockSupport.parkNanos(LOOK_NANOS);
            long now = System.nanoTime();
            if (now - before > WORTH_SAYING_NANOS) {
                LOG.warn("this process stood still for {} ms", TimeUnit.NANOSECONDS.toMillis(now - before));
            }
            before = now;
        }
    }
}
