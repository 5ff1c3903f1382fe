package dev.waybill.examples.demo;

import dev.waybill.WaybillConfig;
import java.time.Duration;
import java.util.Map;

/**
 * The broker that the demo runs on.
 *
 * @param config how to open it
 * @param lock the lock duration to use: short, so that a killed consumer's messages are soon back
 * @param insideThisJvm whether other processes cannot reach it
 * @param server what to close at the end
 */
record DemoBroker(WaybillConfig config, Duration lock, boolean insideThisJvm, Runnable server)
        implements AutoCloseable {
    private static final Duration SHORT_LOCK = Duration.ofSeconds(5);

    /** The broker inside this JVM. */
    static DemoBroker inMemory() {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:demo"));
        return new DemoBroker(config, SHORT_LOCK, true, () -> {});
    }

    @Override
    public void close() {
        server.run();
    }
}
