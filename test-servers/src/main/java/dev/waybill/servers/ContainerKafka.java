package dev.waybill.servers;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.MountableFile;

/** Kafka's official image. */
final class ContainerKafka extends ContainerServer implements KafkaServer {
    private static final int PLAIN = 9092;
    private static final int SECURE = 9095;
    private static final String KEY_STORE = "/etc/kafka/certificates/server.p12";
    private static final Pattern VERSION = Pattern.compile("Kafka version: (\\S+)");

    private final int port = publish(PLAIN);
    private final KafkaTls tls = new KafkaTls(publish(SECURE));
    private final boolean secure;

    ContainerKafka(ServerOptions options) {
        super("kafka", new KafkaContainer(Images.KAFKA));
        this.secure = options.certificates() != null;
        configure((KafkaContainer) container(), options);
    }

    private void configure(KafkaContainer kafka, ServerOptions options) {
        Map<String, String> settings = new LinkedHashMap<>(KafkaSettings.usual());
        String listeners = "PLAINTEXT://0.0.0.0:" + PLAIN;
        String advertised = "PLAINTEXT://"
                + (options.advertisedPort() > 0 ? "127.0.0.1:" + options.advertisedPort() : host() + ":" + port);
        String protocols = "BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT";
        TestCertificates certificates = options.certificates();
        if (certificates != null) {
            listeners += "," + KafkaTls.LISTENER + "://0.0.0.0:" + SECURE;
            advertised += "," + KafkaTls.LISTENER + "://" + host() + ":" + tls.port();
            protocols += "," + KafkaTls.LISTENER + ":SASL_SSL";
            settings.putAll(tls.settings(KEY_STORE, certificates.password()));
            kafka.withCopyFileToContainer(MountableFile.forHostPath(certificates.serverKeyStore(), 0644), KEY_STORE);
        }
        settings.put("listeners", listeners + ",BROKER://0.0.0.0:9093,CONTROLLER://0.0.0.0:9094");
        settings.put("advertised.listeners", advertised + ",BROKER://localhost:9093");
        settings.put("listener.security.protocol.map", protocols);
        settings.putAll(options.config());
        settings.forEach((key, value) -> kafka.withEnv(variable(key), value));
        // Testcontainers' own script waits for a port to be known; ours is from the start, and a restart needs no
        // script.
        kafka.withCommand("/etc/kafka/docker/run");
    }

    /** How the image takes a property from the environment. */
    private static String variable(String property) {
        return "KAFKA_"
                + property.replace("_", "__")
                        .replace("-", "___")
                        .replace('.', '_')
                        .toUpperCase(Locale.ROOT);
    }

    @Override
    public String uri() {
        return "kafka://" + host() + ":" + port;
    }

    @Override
    public String saslUri() {
        if (!secure) {
            throw new IllegalStateException("This server was started without TLS");
        }
        return "kafka://" + host() + ":" + tls.port();
    }

    @Override
    public String saslUser() {
        return KafkaTls.USER;
    }

    @Override
    public String saslPassword() {
        return tls.password();
    }

    @Override
    public boolean keepsData() {
        return true;
    }

    /** Kafka's protocol does not tell its version, its log does. */
    @Override
    String probe() throws IOException {
        KafkaProbe.ask(host(), port);
        Matcher version = VERSION.matcher(container().getLogs());
        return "Apache Kafka " + (version.find() ? version.group(1) : "of " + Images.KAFKA);
    }
}
