package dev.waybill.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.InputStream;
import java.nio.file.Files;
import java.security.KeyStore;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TlsIT {
    private static TestCertificates certificates;

    @BeforeAll
    static void makeCertificates() {
        assumeTrue(Mode.current() != Mode.EXTERNAL, "external servers get no listener from here");
        certificates = TestCertificates.create();
    }

    @AfterAll
    static void deleteCertificates() {
        if (certificates != null) {
            certificates.close();
        }
    }

    @Test
    void rabbitMqServesWhoTrustsItsAuthorityAndNobodyElseTrustsIt() throws Exception {
        try (RabbitMqServer server =
                TestServers.rabbitmq("4.3", ServerOptions.usual().withTls(certificates))) {
            ConnectionFactory trusting = Clients.rabbitMq(server.tlsUri());
            trusting.useSslProtocol(trust(certificates));
            trusting.enableHostnameVerification();
            try (Connection connection = trusting.newConnection()) {
                assertThat(connection.isOpen()).isTrue();
            }
            ConnectionFactory strict = Clients.rabbitMq(server.tlsUri());
            strict.useSslProtocol(SSLContext.getDefault());
            assertThatThrownBy(strict::newConnection).isInstanceOf(SSLException.class);
        }
    }

    @Test
    void kafkaServesItsUserOverTlsAndRefusesAWrongPassword() throws Exception {
        try (KafkaServer server = TestServers.kafka(ServerOptions.usual().withTls(certificates))) {
            try (Admin admin = Admin.create(settings(server, server.saslPassword()))) {
                assertThat(admin.describeCluster().nodes().get()).hasSize(1);
            }
            try (Admin admin = Admin.create(settings(server, "wrong"))) {
                assertThatThrownBy(() -> admin.describeCluster().nodes().get())
                        .isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(SaslAuthenticationException.class);
            }
        }
    }

    private static Map<String, Object> settings(KafkaServer server, String password) {
        Map<String, Object> settings = Clients.kafka(server.saslUri());
        settings.put("security.protocol", "SASL_SSL");
        settings.put("sasl.mechanism", "PLAIN");
        settings.put(
                "sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"" + server.saslUser()
                        + "\" password=\"" + password + "\";");
        settings.put("ssl.truststore.type", "PKCS12");
        settings.put("ssl.truststore.location", certificates.trustStore().toString());
        settings.put("ssl.truststore.password", certificates.password());
        return settings;
    }

    private static SSLContext trust(TestCertificates certificates) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(certificates.trustStore())) {
            store.load(in, certificates.password().toCharArray());
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
