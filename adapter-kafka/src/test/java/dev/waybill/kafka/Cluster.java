package dev.waybill.kafka;

import java.util.concurrent.atomic.AtomicInteger;

/** Placeholder until the servers module is there. */
final class Cluster {
    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final String RUN = Long.toString(System.currentTimeMillis(), 36);

    private Cluster() {}

    static String uri() {
        return System.getProperty("waybill.it.kafka.uri", "kafka://127.0.0.1:28092");
    }

    static String fresh(String what) {
        return what + "-" + RUN + "-" + NAMES.incrementAndGet();
    }
}
