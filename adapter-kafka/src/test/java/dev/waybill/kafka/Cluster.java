package dev.waybill.kafka;

import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.util.concurrent.atomic.AtomicInteger;

/** One Kafka for all test classes that do not break it; it ends with the JVM. */
final class Cluster {
    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final String RUN = Long.toString(System.currentTimeMillis(), 36);

    private Cluster() {}

    static String uri() {
        return Shared.SERVER.uri();
    }

    /** A queue name that no other test has, nor an earlier run. */
    static String fresh(String what) {
        return what + "-" + RUN + "-" + NAMES.incrementAndGet();
    }

    private static final class Shared {
        static final TestServer SERVER = TestServers.start("kafka");
    }
}
