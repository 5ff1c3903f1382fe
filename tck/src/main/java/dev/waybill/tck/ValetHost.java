package dev.waybill.tck;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.waybill.claimcheck.PayloadMissingException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hands the payloads of a store out to whoever has a valet key, as servers of objects do; fails, or leads elsewhere, when it is told to, and
 * remembers what it was asked for.
 */
final class ValetHost implements AutoCloseable {
    private static final String PATH = "/payloads/";
    private static final Pattern QUERY = Pattern.compile("expires=(\\d+)&signature=.*");
    private static final int NOTHING = -1;

    private final HttpServer server;
    private final FaultyPayloadStore store;
    private final String secret = UUID.randomUUID().toString();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile boolean down;
    private volatile @Nullable URI elsewhere;

    ValetHost(FaultyPayloadStore store) throws IOException {
        this.store = store;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    /** What the addresses of its payloads begin with. */
    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + PATH;
    }

    URI valetKey(String key, Duration validFor) {
        return URI.create(address() + key + "?" + query(key, System.currentTimeMillis() + validFor.toMillis()));
    }

    private String query(String key, long expires) {
        return "expires=" + expires + "&signature=" + UUID.nameUUIDFromBytes((secret + key + expires).getBytes(UTF_8));
    }

    void down(boolean down) {
        this.down = down;
    }

    void redirectTo(URI elsewhere) {
        this.elsewhere = elsewhere;
    }

    /** The paths that it was asked for. */
    List<String> asked() {
        return asked;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            URI wanted = exchange.getRequestURI();
            asked.add(wanted.getPath());
            if (down) {
                exchange.sendResponseHeaders(503, NOTHING);
            } else if (elsewhere != null) {
                exchange.getResponseHeaders().add("Location", elsewhere.toString());
                exchange.sendResponseHeaders(302, NOTHING);
            } else {
                give(wanted, exchange);
            }
        }
    }

    private void give(URI wanted, HttpExchange exchange) throws IOException {
        String key = wanted.getPath().substring(PATH.length());
        if (!opens(String.valueOf(wanted.getQuery()), key)) {
            exchange.sendResponseHeaders(403, NOTHING);
            return;
        }
        try {
            byte[] payload = store.working().read(key).readAllBytes();
            exchange.sendResponseHeaders(200, payload.length);
            exchange.getResponseBody().write(payload);
        } catch (PayloadMissingException absent) {
            exchange.sendResponseHeaders(404, NOTHING);
        }
    }

    private boolean opens(String query, String key) {
        Matcher parts = QUERY.matcher(query);
        if (!parts.matches()) {
            return false;
        }
        long expires = Long.parseLong(parts.group(1));
        return query.equals(query(key, expires)) && System.currentTimeMillis() < expires;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
