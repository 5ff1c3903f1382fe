package dev.waybill.kafka;

import dev.waybill.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * {@code kafka://h1:9092,h2:9092}, or {@code kafkas://} for TLS. {@link java.net.URI} does not take several hosts apart, so
 * this does.
 *
 * @param bootstrap {@code host:port} pairs separated by commas
 * @param tls whether the address asks for TLS
 */
record Address(String bootstrap, boolean tls) {
    static final String DEFAULT = "kafka://localhost:9092";
    private static final int DEFAULT_PORT = 9092;
    private static final String ALLOWED = "waybill.uri must be kafka://host:port[,host:port...], or kafkas:// for TLS";

    static Address parse(String uri) {
        String lower = uri.toLowerCase(Locale.ROOT);
        boolean tls = lower.startsWith("kafkas://");
        if (!tls && !lower.startsWith("kafka://")) {
            throw new ConfigException(ALLOWED + ", but is '" + masked(uri) + "'");
        }
        String authority = uri.substring(uri.indexOf("://") + 3);
        if (authority.indexOf('@') >= 0) {
            throw new ConfigException("waybill.uri of Kafka holds no credentials, but is '" + masked(uri)
                    + "': set waybill.username and waybill.password instead");
        }
        if (authority.endsWith("/")) {
            authority = authority.substring(0, authority.length() - 1);
        }
        List<String> hosts = new ArrayList<>();
        for (String part : authority.split(",", -1)) {
            hosts.add(hostAndPort(part.strip(), uri));
        }
        return new Address(String.join(",", hosts), tls);
    }

    private static String hostAndPort(String part, String uri) {
        int colon = part.startsWith("[") ? part.indexOf(':', Math.max(part.indexOf(']'), 0)) : part.indexOf(':');
        String host = colon < 0 ? part : part.substring(0, colon);
        int port = colon < 0 ? DEFAULT_PORT : port(part.substring(colon + 1));
        if (host.isEmpty() || port < 1 || port > 65_535 || host.matches(".*[/?#\\s].*")) {
            throw new ConfigException(ALLOWED + ", but is '" + masked(uri) + "'");
        }
        return host + ":" + port;
    }

    private static String masked(String uri) {
        int at = uri.lastIndexOf('@');
        int start = uri.indexOf("://");
        return at < 0 ? uri : uri.substring(0, start < 0 ? 0 : start + 3) + "***" + uri.substring(at);
    }

    private static int port(String text) {
        return text.matches("\\d{1,5}") ? Integer.parseInt(text) : -1;
    }
}
