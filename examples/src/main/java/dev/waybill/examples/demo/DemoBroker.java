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

    /** Unless its configuration allows less. */
    private static final Duration SHORTEST_KAFKA_LOCK = Duration.ofSeconds(15);

    /** The broker inside this JVM. */
    static DemoBroker inMemory() {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:demo"));
        return new DemoBroker(config, SHORT_LOCK, true, () -> {});
    }

    /**
     * One that runs already.
     *
     * @param broker the adapter's name
     * @param uri its address; further settings come from where any program with Waybill has them
     */
    static DemoBroker at(String broker, String uri) {
        WaybillConfig config =
                WaybillConfig.load().with("waybill.broker", broker).with("waybill.uri", uri);
        return new DemoBroker(config, broker.equals("kafka") ? SHORTEST_KAFKA_LOCK : SHORT_LOCK, false, () -> {});
    }

    @Override
    public void close() {
        server.run();
    }
}
