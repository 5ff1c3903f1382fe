package dev.waybill.rabbitmq;

import com.rabbitmq.client.Address;
import dev.waybill.ConfigException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An AMQP address with one host or several, taken apart. {@code toString} shows no credentials. */
record ServerAddress(
        boolean tls,
        List<Address> hosts,
        @Nullable String username,
        @Nullable String password,
        String vhost) {
    private static final Pattern FORM =
            Pattern.compile("(amqps?)://(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^@/?#]+)(?:/([^@/?#]*))?");
    private static final Pattern HOST = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:,\\[\\]\\s]+)(?::(\\d{1,5}))?");
    private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2})");
    private static final int HIGHEST_PORT = 65_535;

    static ServerAddress parse(String uri) {
        Matcher matcher = FORM.matcher(uri);
        if (!matcher.matches()) {
            throw wrong(uri);
        }
        boolean tls = matcher.group(1).equals("amqps");
        List<Address> hosts = new ArrayList<>();
        for (String host : matcher.group(4).split(",", -1)) {
            hosts.add(host(host, tls ? 5671 : 5672, uri));
        }
        String vhost = decoded(matcher.group(5), uri);
        return new ServerAddress(
                tls,
                List.copyOf(hosts),
                decoded(matcher.group(2), uri),
                decoded(matcher.group(3), uri),
                vhost == null ? "/" : vhost);
    }

    private static Address host(String text, int usualPort, String uri) {
        Matcher matcher = HOST.matcher(text);
        if (!matcher.matches()) {
            throw wrong(uri);
        }
        int port = matcher.group(2) == null ? usualPort : Integer.parseInt(matcher.group(2));
        if (port < 1 || port > HIGHEST_PORT) {
            throw wrong(uri);
        }
        return new Address(matcher.group(1), port);
    }

    private static @Nullable String decoded(@Nullable String part, String uri) {
        if (part == null) {
            return null;
        }
        if (BAD_ESCAPE.matcher(part).find()) {
            throw wrong(uri);
        }
        // A plus sign is itself: only in forms it is a space.
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static ConfigException wrong(String uri) {
        return new ConfigException("waybill.uri is '" + uri.replaceFirst("^([^/]*//)?.*@", "$1***@")
                + "' but must be amqp://[user:password@]host[:port][,host2[:port]][/vhost], or amqps://...");
    }

    @Override
    public String toString() {
        return (tls ? "amqps://" : "amqp://")
                + String.join(",", hosts.stream().map(Address::toString).toList());
    }
}
