package dev.waybill.sqs;

import dev.waybill.ConfigException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.regions.Region;

/**
 * Where SQS is.
 *
 * @param endpoint what speaks the SQS protocol, or null for the region's own
 * @param region null for the SDK's default
 */
record Address(@Nullable URI endpoint, @Nullable Region region) {
    private static final String SCHEME = "sqs://";
    private static final Pattern REGION = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    /**
     * @param uri {@code waybill.uri}
     * @param configuredRegion {@code waybill.sqs.region}
     */
    static Address of(Optional<String> uri, Optional<String> configuredRegion) {
        String text = uri.orElse(SCHEME);
        if (!text.startsWith(SCHEME)) {
            return new Address(endpoint(text), region(configuredRegion.orElse(Region.US_EAST_1.id())));
        }
        String named = text.substring(SCHEME.length());
        if (!named.isEmpty()) {
            if (!REGION.matcher(named).matches()) {
                throw wrong(text);
            }
            if (configuredRegion.isPresent() && !configuredRegion.get().equals(named)) {
                throw new ConfigException("waybill.sqs.region is '" + configuredRegion.get()
                        + "' but waybill.uri names '" + named + "': set one of them");
            }
            return new Address(null, Region.of(named));
        }
        return new Address(null, configuredRegion.map(Address::region).orElse(null));
    }

    private static Region region(String name) {
        if (!REGION.matcher(name).matches()) {
            throw new ConfigException(
                    "waybill.sqs.region is '" + name + "' but must be the name of a region such as eu-west-1");
        }
        return Region.of(name);
    }

    private static URI endpoint(String text) {
        try {
            URI endpoint = new URI(text);
            if (endpoint.getHost() != null
                    && endpoint.getUserInfo() == null
                    && ("http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme()))) {
                return endpoint;
            }
        } catch (URISyntaxException malformed) {
            // Not as the cause: its message holds the whole text, and a password that may be in it.
            throw wrong(text);
        }
        throw wrong(text);
    }

    private static ConfigException wrong(String text) {
        return new ConfigException("waybill.uri is '" + text.replaceAll("//.*@", "//***@")
                + "' but must be sqs://REGION, http://host:port or https://host:port, without credentials, for which"
                + " waybill.username and waybill.password are");
    }

    /** A region's own endpoint has TLS. */
    boolean tls() {
        return endpoint == null || "https".equals(endpoint.getScheme());
    }

    /** Whether it is a plain port of this machine, so surely a double. */
    boolean local() {
        return endpoint != null && !tls() && LOOPBACK.contains(endpoint.getHost());
    }

    @Override
    public String toString() {
        return endpoint != null ? endpoint.toString() : SCHEME + (region == null ? "" : region.id());
    }
}
