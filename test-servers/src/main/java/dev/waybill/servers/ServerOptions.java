package dev.waybill.servers;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a server differs from the usual one. Immutable; each method returns a changed copy.
 *
 * @param config settings in the server's own configuration, which win over ours: {@code rabbitmq.conf}, Kafka's
 *     {@code server.properties}, ElasticMQ's HOCON, {@code redis.conf}
 * @param certificates for one more listener, which speaks TLS, or null for none
 * @param advertisedPort of this machine, at which Kafka tells its clients that it is, a proxy's say; 0 for its own
 */
public record ServerOptions(
        Map<String, String> config, @Nullable TestCertificates certificates, int advertisedPort) {
    public ServerOptions {
        config = Map.copyOf(config);
    }

    /** A server as the tests want it. */
    public static ServerOptions usual() {
        return new ServerOptions(Map.of(), null, 0);
    }

    /** The same with one more setting of the server's own configuration. */
    public ServerOptions with(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(config);
        more.put(key, value);
        return new ServerOptions(more, certificates, advertisedPort);
    }

    /**
     * The same with a TLS listener beside the plain one, or instead of it in Azurite; on Kafka it asks for a user, too. SQS has none.
     * The certificates are needed as long as the server.
     */
    public ServerOptions withTls(TestCertificates presented) {
        return new ServerOptions(config, presented, advertisedPort);
    }

    /** The same, but Kafka's plain listener tells its clients to come to 127.0.0.1 at this port. */
    public ServerOptions advertising(int port) {
        return new ServerOptions(config, certificates, port);
    }
}
