package dev.waybill.servers;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a server differs from the usual one. Immutable; each method returns a changed copy.
 *
 * @param config settings in the server's own configuration, which win over ours: {@code rabbitmq.conf}, Kafka's
 *     {@code server.properties}, ElasticMQ's HOCON
 */
public record ServerOptions(Map<String, String> config) {
    public ServerOptions {
        config = Map.copyOf(config);
    }

    /** A server as the tests want it. */
    public static ServerOptions usual() {
        return new ServerOptions(Map.of());
    }

    /** The same with one more setting of the server's own configuration. */
    public ServerOptions with(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(config);
        more.put(key, value);
        return new ServerOptions(more);
    }
}
