package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.spi.TimeSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ValetStoreTest {
    private static final String KEY = "q/1";
    private static final Instant EXPIRES = Instant.parse("2026-01-02T03:04:05Z");
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(200);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
    }

    @AfterEach
    void stopServer() {
        server.stop(0);
        threads.shutdownNow();
    }

    private ValetStore store(HttpHandler handler, Duration patience) throws Exception {
        server.createContext("/", handler);
        return store(server.getAddress().getPort(), patience);
    }

    private static ValetStore store(int port, Duration patience) throws Exception {
        ValetKey valetKey = ValetKey.of("http://127.0.0.1:" + port + "/q/1?signature=0f0f", EXPIRES);
        Reference reference = new Reference("s3", KEY, 5, "0".repeat(64), "text/plain", EXPIRES, valetKey, null, null);
        return new ValetStore(valetKey, reference, TimeSource.system(), patience);
    }

    private static HttpHandler answering(int status) {
        return exchange -> {
            exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/elsewhere?signature=0f0f");
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        };
    }

    @Test
    void whatIsThereIsReadByteForByte() throws Exception {
        byte[] payload = new byte[3 << 20];
        new Random(1).nextBytes(payload);
        ValetStore store = store(
                exchange -> {
                    assertThat(exchange.getRequestURI()).hasToString("/q/1?signature=0f0f");
                    exchange.sendResponseHeaders(200, payload.length);
                    exchange.getResponseBody().write(payload);
                    exchange.close();
                },
                LONG);
        assertThat(store.exists(KEY)).isTrue();
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (InputStream in = store.read(KEY)) {
            byte[] some = new byte[100_000];
            read.write(in.read());
            for (int length = in.read(some, 1, 99_999); length >= 0; length = in.read(some, 1, 99_999)) {
                read.write(some, 1, length);
            }
            assertThat(in.read()).isEqualTo(-1);
        }
        assertThat(read.toByteArray()).isEqualTo(payload);
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 416})
    void whatItsHostRefusesIsMissing(int status) throws Exception {
        ValetStore store = store(answering(status), LONG);
        assertThatThrownBy(() -> store.read(KEY))
                .isInstanceOf(PayloadMissingException.class)
                .hasMessageContaining("'q/1' in payload store 's3'")
                .hasMessageContaining("expired at 2026-01-02T03:04:05Z")
                .hasMessageContaining("answers " + status)
                .hasMessageNotContaining("0f0f");
        assertThat(store.exists(KEY)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {407, 408, 425, 429, 500, 502, 503})
    void whatItsHostCannotGiveNowIsItsTrouble(int status) throws Exception {
        ValetStore store = store(answering(status), LONG);
        assertThatThrownBy(() -> store.read(KEY))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("answers " + status)
                .hasMessageNotContaining("0f0f");
    }

    @Test
    void aHostThatIsNotThereIsInTrouble() throws Exception {
        server.stop(0);
        ValetStore store = store(server.getAddress().getPort(), LONG);
        assertThatThrownBy(() -> store.read(KEY))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("ConnectException")
                .hasMessageNotContaining("0f0f");
    }

    @Test
    void aHostThatDoesNotAnswerIsNotWaitedForForEver() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> store(silent.getLocalPort(), SHORT).read(KEY))
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining("does not answer");
        }
    }

    @Test
    void aHostThatFallsSilentOrBreaksOffIsInTrouble() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        ValetStore store = store(
                exchange -> {
                    exchange.sendResponseHeaders(200, 10);
                    exchange.getResponseBody().write(new byte[5]);
                    exchange.getResponseBody().flush();
                    try {
                        end.await();
                    } catch (InterruptedException stopped) {
                        Thread.currentThread().interrupt();
                    }
                    exchange.close();
                },
                SHORT);
        try (InputStream in = store.read(KEY)) {
            assertThat(in.readNBytes(5)).hasSize(5);
            assertThatThrownBy(in::read).isInstanceOf(HttpTimeoutException.class);
        }
        try (InputStream in = store.read(KEY)) {
            assertThat(in.readNBytes(5)).hasSize(5);
            end.countDown();
            assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessageContaining("broke off");
        }
    }

    /** Answers without end, and counts. */
    private static HttpHandler endless(AtomicLong written, CountDownLatch dropped) {
        return exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] some = new byte[64 << 10];
            try (OutputStream out = exchange.getResponseBody()) {
                while (true) {
                    out.write(some);
                    written.addAndGet(some.length);
                }
            } catch (IOException gone) {
                dropped.countDown();
            }
        };
    }

    @Test
    void whoReadsSlowlySlowsTheHostAndWhoClosesDropsTheConnection() throws Exception {
        AtomicLong written = new AtomicLong();
        CountDownLatch dropped = new CountDownLatch(1);
        try (InputStream in = store(endless(written, dropped), LONG).read(KEY)) {
            assertThat(in.read()).isZero();
            AtomicLong before = new AtomicLong(-1);
            await().pollInterval(Duration.ofMillis(200)).until(() -> before.getAndSet(written.get()) == written.get());
            // What two sockets take, and not what there is.
            assertThat(written.get()).isLessThan(32 << 20);
            in.readNBytes(48 << 20);
            assertThat(written.get()).isGreaterThanOrEqualTo(48 << 20);
            assertThat(dropped.getCount()).isEqualTo(1);
        }
        dropped.await();
    }

    @Test
    void whoWaitsForMoreCanBeInterruptedAndHearsOfTheClose() throws Exception {
        ValetStore store = store(
                exchange -> {
                    exchange.sendResponseHeaders(200, 10);
                    exchange.getResponseBody().flush();
                },
                LONG);
        InputStream in = store.read(KEY);
        Thread.currentThread().interrupt();
        assertThatThrownBy(in::read).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).as("still interrupted").isTrue();
        Future<Integer> reading = threads.submit(() -> in.read());
        in.close();
        assertThatThrownBy(reading::get)
                .hasRootCauseInstanceOf(IOException.class)
                .hasMessageContaining("closed");
    }
}
