package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.waybill.ConfigException;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.TlsSettings;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whom the client trusts, and what it shows of itself, to an end point that asks for a certificate. */
class TlsTest {
    private static final String PASSWORD = "hunter2hunter2";

    @TempDir
    private static Path folder;

    private static Path store;

    private final ExecutorService blocking = Executors.newCachedThreadPool();
    private HttpsServer server;

    @BeforeEach
    void serve() throws Exception {
        if (store == null) {
            store = makeStore();
        }
        KeyStore own = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            own.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD.toCharArray());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(own);
        SSLContext ssl = SSLContext.getInstance("TLS");
        ssl.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(blocking);
        server.setHttpsConfigurator(new HttpsConfigurator(ssl) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters wanted = ssl.getDefaultSSLParameters();
                wanted.setNeedClientAuth(true);
                parameters.setSSLParameters(wanted);
            }
        });
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("{}".getBytes());
            exchange.close();
        });
        server.start();
    }

    private static Path makeStore() throws Exception {
        Path made = folder.resolve("store.p12");
        Process keytool = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "own",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        made.toString(),
                        "-storepass",
                        PASSWORD))
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).as(said).isTrue();
        assertThat(keytool.exitValue()).as(said).isZero();
        return made;
    }

    @AfterEach
    void stop() {
        server.stop(0);
        blocking.shutdownNow();
    }

    private Broker open(Optional<TlsSettings> tls) {
        return Fixture.open("https://localhost:" + server.getAddress().getPort(), tls, blocking);
    }

    @Test
    void with_both_stores_the_two_trust_each_other() {
        open(Optional.of(new TlsSettings(store, PASSWORD, store, PASSWORD))).close();
    }

    @Test
    void without_a_trust_store_an_unknown_certificate_is_refused_for_good() {
        assertThatThrownBy(() -> open(Optional.empty()))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED));
    }

    @Test
    void without_a_key_store_the_server_does_not_let_us_in() {
        assertThatThrownBy(() -> open(Optional.of(new TlsSettings(store, PASSWORD, null, null))))
                .isInstanceOf(BrokerException.class);
    }

    @Test
    void stores_are_refused_with_an_address_that_asks_for_no_tls() {
        assertThatThrownBy(() -> Fixture.open(
                        "http://localhost:9324", Optional.of(new TlsSettings(null, null, store, PASSWORD)), blocking))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(
                        "waybill.tls.key-store",
                        "'" + store + "'",
                        "'http://localhost:9324'",
                        "https://",
                        "sqs://REGION")
                .hasMessageNotContaining(PASSWORD);
    }

    @Test
    void a_store_that_cannot_be_read_is_a_mistake_of_the_configuration() {
        for (TlsSettings wrong : List.of(
                new TlsSettings(store, "hunter3hunter3", null, null),
                new TlsSettings(folder.resolve("missing.p12"), null, null, null),
                new TlsSettings(null, null, store, "hunter3hunter3"),
                new TlsSettings(null, null, folder.resolve("missing.p12"), null))) {
            assertThatThrownBy(() -> open(Optional.of(wrong)))
                    .as(wrong.toString())
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("waybill.tls.")
                    .hasMessageContaining(".p12")
                    .hasMessageNotContaining("hunter3");
        }
    }
}
