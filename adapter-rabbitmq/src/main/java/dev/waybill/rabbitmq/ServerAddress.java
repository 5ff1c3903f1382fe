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
            Pattern.compile("(amqps?)://(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#]*)(?:/([^/?#]*))?");

    static ServerAddress parse(String uri) {
        Matcher matcher = FORM.matcher(uri);
        if (!matcher.matches() || matcher.group(4).isEmpty()) {
            throw new ConfigException("waybill.uri is '" + uri.replaceAll("//[^/@]*@", "//***@")
                    + "' but must be amqp://[user:password@]host[:port][,host2[:port]][/vhost], or amqps://...");
        }
        boolean tls = matcher.group(1).equals("amqps");
        List<Address> hosts = new ArrayList<>();
        for (String host : matcher.group(4).split(",")) {
            Address address = Address.parseAddress(host);
            hosts.add(address.getPort() > 0 ? address : new Address(address.getHost(), tls ? 5671 : 5672));
        }
        String vhost = matcher.group(5);
        return new ServerAddress(
                tls,
                List.copyOf(hosts),
                decoded(matcher.group(2)),
                decoded(matcher.group(3)),
                vhost == null ? "/" : URLDecoder.decode(vhost, StandardCharsets.UTF_8));
    }

    private static @Nullable String decoded(@Nullable String part) {
        return part == null ? null : URLDecoder.decode(part, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return (tls ? "amqps://" : "amqp://")
                + String.join(",", hosts.stream().map(Address::toString).toList());
    }
}
