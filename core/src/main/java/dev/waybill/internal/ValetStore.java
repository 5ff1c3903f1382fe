package dev.waybill.internal;

import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.spi.TimeSource;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What a valet key opens, as a store that has one payload, can only be read, and is called as its host. Redirects are not followed. The
 * host's word is taken for whether the key is still valid, since its clock is the one that counts.
 */
final class ValetStore implements PayloadStore {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** What tells not of this payload but of the host, or the way to it: a proxy, a time-out, or too much asked. */
    private static final Set<Integer> NOT_NOW = Set.of(407, 408, 425, 429);

    private static final int OK = 200;
    private static final int SERVER_ERROR = 500;

    private final ValetKey valetKey;
    private final Reference reference;
    private final TimeSource time;
    private final Duration patience;

    ValetStore(ValetKey valetKey, Reference reference, TimeSource time) {
        this(valetKey, reference, time, PATIENCE);
    }

    /** @param patience how long to wait for an answer, and for each piece of it */
    ValetStore(ValetKey valetKey, Reference reference, TimeSource time, Duration patience) {
        this.valetKey = valetKey;
        this.reference = reference;
        this.time = time;
        this.patience = patience;
    }

    /** One for all, made when it is first needed. */
    private static final class Client {
        static final HttpClient HTTP = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
    }

    @Override
    public String name() {
        return valetKey.host();
    }

    @Override
    public HttpBody read(String key) throws PayloadMissingException {
        HttpResponse<HttpBody> response = response();
        int status = response.statusCode();
        if (status == OK) {
            return response.body();
        }
        response.body().close();
        if (status >= SERVER_ERROR || NOT_NOW.contains(status)) {
            throw down("answers " + status, null);
        }
        boolean redirected = status / 100 == 3;
        boolean expired = !Instant.ofEpochMilli(time.epochMillis()).isBefore(valetKey.expires());
        throw new PayloadMissingException(reference.place() + " by its valet key, which "
                + (expired ? "expired at " : "is to be valid until ") + valetKey.expires() + ": host " + name()
                + " answers " + status + (redirected ? ", and redirects are refused" : ""));
    }

    private HttpResponse<HttpBody> response() {
        CompletableFuture<HttpResponse<HttpBody>> response = Client.HTTP.sendAsync(
                HttpRequest.newBuilder(valetKey.address()).build(), info -> new HttpBody(patience));
        try {
            return response.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            throw down("cannot be asked: " + failed.getCause(), failed.getCause());
        } catch (TimeoutException silent) {
            abandon(response);
            throw down("does not answer for " + patience, null);
        } catch (InterruptedException stopped) {
            abandon(response);
            Thread.currentThread().interrupt();
            throw down("was not waited for: interrupted", stopped);
        }
    }

    /** Its connection is dropped, even if it has come by now. */
    private static void abandon(CompletableFuture<HttpResponse<HttpBody>> response) {
        response.cancel(true);
        var unused = response.thenAccept(late -> late.body().close());
    }

    private PayloadStoreException down(String what, @Nullable Throwable cause) {
        return new PayloadStoreException(
                "host " + name() + " of the valet key of " + reference.place() + " " + what, cause);
    }

    /** Only to open it tells. */
    @Override
    public boolean exists(String key) {
        try {
            read(key).close();
            return true;
        } catch (PayloadMissingException absent) {
            return false;
        }
    }

    @Override
    public boolean write(String key, Content content) {
        throw new UnsupportedOperationException(valetKey + " can only be read");
    }

    @Override
    public void delete(List<String> keys) {
        throw new UnsupportedOperationException(valetKey + " can only be read");
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        throw new UnsupportedOperationException(valetKey + " can only be read");
    }
}
