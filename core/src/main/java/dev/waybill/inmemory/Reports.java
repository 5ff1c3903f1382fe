package dev.waybill.inmemory;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Reports to core, in order: at once, or on a thread of its own as a client of a real broker does. */
final class Reports {
    private final boolean later;
    private final Violations violations;
    private final ThreadPoolExecutor thread;

    Reports(boolean later, Violations violations) {
        this.later = later;
        this.violations = violations;
        thread = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Reports::newThread);
        thread.allowCoreThreadTimeOut(true);
        // What is reported after the end is reported all the same.
        thread.setRejectedExecutionHandler((report, pool) -> report.run());
    }

    private static Thread newThread(Runnable work) {
        Thread thread = new Thread(work, "waybill-in-memory-reports");
        thread.setDaemon(true);
        return thread;
    }

    void run(Runnable report) {
        if (later) {
            thread.execute(() -> runCaught(report));
        } else {
            report.run();
        }
    }

    private void runCaught(Runnable report) {
        try {
            report.run();
        } catch (RuntimeException | Error thrown) {
            violations.add(new IllegalStateException("a report to core threw " + thrown, thrown));
        }
    }

    /** What was handed over is still reported. */
    void close() {
        thread.shutdown();
    }
}
