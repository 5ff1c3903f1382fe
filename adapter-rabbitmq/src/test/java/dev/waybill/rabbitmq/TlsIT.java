package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.waybill.ConfigException;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestCertificates;
import dev.waybill.servers.TestServers;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.TlsSettings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** TLS, on a server with a certificate for 127.0.0.1 and localhost. */
@DisabledIfSystemProperty(
        named = "waybill.it.servers",
        matches = "external",
        disabledReason = "a server that runs already has no certificate of ours")
class TlsIT {
    private static TestCertificates certificates;
    private static TestCertificates others;
    private static RabbitMqServer server;

    @BeforeAll
    static void start() {
        certificates = TestCertificates.create();
        others = TestCertificates.create();
        server = TestServers.rabbitmq("4.3", ServerOptions.usual().withTls(certificates));
    }

    @AfterAll
    static void stop() {
        server.close();
        certificates.close();
        others.close();
    }

    private static TlsSettings trusting(TestCertificates authority) {
        return new TlsSettings(authority.trustStore(), authority.password(), null, null);
    }

    private static Broker open(String uri, TlsSettings tls) {
        return new RabbitMqBrokerProvider().open(new TestContext(uri).tls(tls).connectTimeout(Duration.ofSeconds(5)));
    }

    /** Why it is refused, with all that a log would show of it. */
    private static String refusal(String uri, TlsSettings tls, Kind kind) {
        BrokerException refused =
                catchThrowableOfType(BrokerException.class, () -> open(uri, tls).close());
        assertThat(refused).isNotNull();
        assertThat(refused.kind()).isEqualTo(kind);
        return withCauses(refused);
    }

    private static String withCauses(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    @Test
    void aServerWithACertificateOfATrustedAuthorityTakesAndDelivers() {
        try (Broker broker = open(server.tlsUri(), trusting(certificates))) {
            TestQueue queue = TestQueue.declared(broker, 5);
            queue.send(0, 100);
            try (Receiver receiver = queue.receiver(100)) {
                assertThat(Contract.ids(TestQueue.receive(receiver, 100)))
                        .containsExactlyElementsOf(Contract.names(0, 100));
            }
        }
    }

    @Test
    void aServerWithACertificateOfAnotherAuthorityIsRefused() {
        assertThat(refusal(server.tlsUri(), trusting(others), Kind.UNAVAILABLE))
                .contains("amqps://127.0.0.1")
                .contains("PKIX path")
                .doesNotContain("guest:guest")
                .doesNotContain(others.password());
    }

    @Test
    void aServerWhoseCertificateIsForAnotherHostIsRefused() throws Exception {
        String elsewhere = "127.0.0.2";
        int port = URI.create(server.tlsUri()).getPort();
        try (StallingProxy proxy = new StallingProxy(InetAddress.getByName(elsewhere), port)) {
            String uri = server.tlsUri().replace("127.0.0.1:" + port, elsewhere + ":" + proxy.port());
            assertThat(refusal(uri, trusting(certificates), Kind.UNAVAILABLE))
                    .contains("amqps://" + elsewhere)
                    .containsPattern("No subject alternative names matching IP address " + elsewhere)
                    .doesNotContain("guest:guest");
        }
    }

    @Test
    void aWrongPasswordIsDeniedAndNotShown() {
        String secret = "not-the-password-4711";
        String uri = server.tlsUri().replace("guest:guest", "guest:" + secret);
        assertThat(refusal(uri, trusting(certificates), Kind.DENIED)).doesNotContain(secret);
    }

    @Test
    void aTrustStoreThatCannotBeOpenedIsAnErrorOfTheConfigurationWithoutThePassword() {
        String secret = "not-the-password-4711";
        for (Path store : new Path[] {certificates.trustStore(), Path.of("no-such-store.p12")}) {
            ConfigException wrong = catchThrowableOfType(
                    ConfigException.class, () -> open(server.tlsUri(), new TlsSettings(store, secret, null, null)));
            assertThat(wrong).hasMessageContaining("waybill.tls.").hasMessageContaining(store.toString());
            assertThat(withCauses(wrong)).doesNotContain(secret);
        }
    }
}
