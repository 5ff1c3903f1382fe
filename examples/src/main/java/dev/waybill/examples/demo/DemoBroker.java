package dev.waybill.examples.demo;

import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.servers.ServerException;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;

/**
 * The broker that the demo runs on.
 *
 * @param server the product and version of a server that was started for the demo; empty if none was
 * @param config how to open it
 * @param lock the lock duration to use: short, so that a killed consumer's messages are soon back
 * @param insideThisJvm whether other processes cannot reach it
 * @param stop what to do at the end
 */
public record DemoBroker(String server, WaybillConfig config, Duration lock, boolean insideThisJvm, Runnable stop)
        implements AutoCloseable {
    private static final Duration SHORT_LOCK = Duration.ofSeconds(5);

    /** Unless its configuration allows less. */
    private static final Duration SHORTEST_KAFKA_LOCK = Duration.ofSeconds(15);

    /** The broker inside this JVM. */
    public static DemoBroker inMemory() {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:demo"));
        return new DemoBroker("", config, SHORT_LOCK, true, () -> {});
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
        return new DemoBroker("", config, broker.equals("kafka") ? SHORTEST_KAFKA_LOCK : SHORT_LOCK, false, () -> {});
    }

    /** One that is started here, as the integration tests do it, and ends with this process. */
    static DemoBroker started(String broker) {
        TestServer server;
        try {
            server = TestServers.start(broker);
        } catch (ServerException | UncheckedIOException failed) {
            throw new DemoException("cannot start " + broker + ": " + failed.getMessage());
        }
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", broker, "waybill.uri", server.uri()));
        if (broker.equals("sqs")) {
            // The double asks for some access key and accepts any.
            config = config.with("waybill.username", "demo").with("waybill.password", "demo");
        }
        return new DemoBroker(server.product(), config, SHORT_LOCK, false, server::close);
    }

    /** As the adapter names it, and in brackets as the server that was started does, which may be a double. */
    public String product(Waybill waybill) {
        String name = waybill.capabilities().broker();
        return server.isEmpty() || server.equals(name) ? name : name + " (" + server + ")";
    }

    @Override
    public void close() {
        stop.run();
    }
}
