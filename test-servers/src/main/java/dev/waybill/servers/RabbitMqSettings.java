package dev.waybill.servers;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What every RabbitMQ of the tests has, wherever it runs. */
final class RabbitMqSettings {
    private static final Logger LOG = LoggerFactory.getLogger(RabbitMqSettings.class);
    static final List<String> PLUGINS = List.of("rabbitmq_management", "rabbitmq_consistent_hash_exchange");

    private RabbitMqSettings() {}

    /** A {@code rabbitmq.conf}: ours, then the more special, which win. */
    static String configuration(Map<String, String> special, ServerOptions options) {
        Map<String, String> lines = new TreeMap<>();
        lines.put("loopback_users", "none");
        lines.put("log.console", "true");
        lines.put("log.console.level", "info");
        lines.put("log.file", "false");
        lines.put("vm_memory_high_watermark.absolute", "2GB");
        lines.put("disk_free_limit.absolute", "50MB");
        lines.putAll(special);
        lines.putAll(options.config());
        return lines.entrySet().stream()
                .map(line -> line.getKey() + " = " + line.getValue() + "\n")
                .collect(Collectors.joining());
    }

    /** The TLS listener, with the certificates in files as the server sees them. */
    static Map<String, String> tls(String listener, String authority, String certificate, String key) {
        return Map.of(
                "listeners.ssl.default", listener,
                "ssl_options.cacertfile", authority,
                "ssl_options.certfile", certificate,
                "ssl_options.keyfile", key,
                "ssl_options.verify", "verify_none",
                "ssl_options.fail_if_no_peer_cert", "false");
    }

    /**
     * RabbitMQ notes a new quorum queue on disk about a second late. Killed before, it does not know the queue again: 4.3 makes it
     * anew without what it had confirmed, 4.0 leaves it unusable. This makes it write what it has.
     */
    static void writeQueueNames(RabbitMqServer server) {
        try {
            server.rabbitmqctl("eval", "[dets:sync(Table) || Table <- dets:all()].");
        } catch (ServerException e) {
            LOG.warn("{} at {} is killed without having written its list of queues", server.product(), server.uri(), e);
        }
    }

    /** The file that names the plugins. */
    static String enabledPlugins() {
        return "[" + String.join(",", PLUGINS) + "].\n";
    }
}
