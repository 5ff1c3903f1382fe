package dev.waybill.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.servers.KafkaServer;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestCertificates;
import dev.waybill.servers.TestServers;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** TLS and credentials, by configuration alone. SQS has its own in the adapter, since its doubles speak plain HTTP. */
@DisabledIfSystemProperty(
        named = "waybill.it.servers",
        matches = "external",
        disabledReason = "a server that runs already has no certificate of ours")
class TlsIT {
    private static TestCertificates certificates;

    @BeforeAll
    static void makeCertificates() {
        certificates = TestCertificates.create();
    }

    @AfterAll
    static void deleteCertificates() {
        certificates.close();
    }

    @Test
    void rabbitMqOverTls() throws Exception {
        try (RabbitMqServer server =
                TestServers.rabbitmq("4.3", ServerOptions.usual().withTls(certificates))) {
            WaybillConfig config =
                    WaybillConfig.of(Map.of("waybill.broker", "rabbitmq", "waybill.uri", server.tlsUri()));
            check(config.with("waybill.username", "guest").with("waybill.password", "guest"));
        }
    }

    @Test
    void kafkaOverTlsWithSasl() throws Exception {
        try (KafkaServer server = TestServers.kafka(ServerOptions.usual().withTls(certificates))) {
            WaybillConfig config = WaybillConfig.of(Map.of(
                    "waybill.broker",
                    "kafka",
                    "waybill.uri",
                    server.saslUri().replace("kafka://", "kafkas://"),
                    "waybill.kafka.native.sasl.mechanism",
                    "PLAIN"));
            check(config.with("waybill.username", server.saslUser()).with("waybill.password", server.saslPassword()));
        }
    }

    private static void check(WaybillConfig config) throws Exception {
        WaybillConfig trusting = config.with(
                        "waybill.tls.trust-store", certificates.trustStore().toString())
                .with("waybill.tls.trust-store-password", certificates.password());
        assertThat(roundTrip(trusting)).isEqualTo("over TLS");

        String untrusted = text(catchThrowable(() -> roundTrip(config)));
        assertThat(untrusted).containsPattern("(?i)certificat|PKIX|SSL");

        String wrong = "not-the-password-4711";
        String refused = text(catchThrowable(() -> roundTrip(trusting.with("waybill.password", wrong))));
        assertThat(refused).containsPattern("(?i)authenticat|ACCESS_REFUSED").doesNotContain(wrong);
        assertThat(trusting.with("waybill.password", wrong).toString()).doesNotContain(wrong);
    }

    private static String roundTrip(WaybillConfig config) throws Exception {
        Queue<String> queue = Queue.named("tls-" + Long.toString(System.nanoTime(), 36), Codec.text())
                .build();
        try (Waybill waybill = Waybill.open(config)) {
            waybill.producer(queue).sendAndWait("over TLS");
            CompletableFuture<String> received = new CompletableFuture<>();
            waybill.consumer(queue).start(delivery -> received.complete(delivery.payload()));
            return received.get(30, TimeUnit.SECONDS);
        }
    }

    /** All that a log would show of it. */
    private static String text(Throwable failure) {
        assertThat(failure).isNotNull();
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
