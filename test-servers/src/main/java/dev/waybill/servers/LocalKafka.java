package dev.waybill.servers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

/** Kafka out of Maven Central's jars: one node, broker and controller in one. */
final class LocalKafka extends LocalServer implements KafkaServer {
    private static final Duration FORMAT_LIMIT = Duration.ofMinutes(1);

    private final Path jars = MavenJars.resolve("kafka");
    private final int port = takePort();
    private final int controllerPort = takePort();
    private final KafkaTls tls = new KafkaTls(takePort());
    private final ServerOptions options;

    LocalKafka(ServerOptions options) {
        super("kafka");
        this.options = options;
    }

    @Override
    public String uri() {
        return "kafka://127.0.0.1:" + port;
    }

    @Override
    void launch() throws IOException {
        Path properties = data().resolve("server.properties");
        if (!Files.exists(properties)) {
            Files.writeString(properties, properties());
            format(properties);
        }
        run("Kafka", java("-Xms256m", "-Xmx1g", "kafka.Kafka", properties.toString()), Map.of());
    }

    private void format(Path properties) {
        List<String> command =
                java("-Xmx128m", "kafka.tools.StorageTool", "format", "-t", clusterId(), "-c", properties.toString());
        Command.run(new ProcessBuilder(command), FORMAT_LIMIT);
    }

    /**
     * A random id in the form that the tool takes: 16 bytes in URL-safe base 64. Not one that begins with a dash, which the tool
     * takes for an option of its own.
     */
    private static String clusterId() {
        UUID random = UUID.randomUUID();
        byte[] bytes = java.nio.ByteBuffer.allocate(16)
                .putLong(random.getMostSignificantBits() & Long.MAX_VALUE)
                .putLong(random.getLeastSignificantBits())
                .array();
        return java.util.Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private List<String> java(String... arguments) {
        List<String> command = new ArrayList<>(javaCommand());
        command.addAll(List.of(
                "-cp",
                jars + "/*",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"));
        command.addAll(List.of(arguments));
        return command;
    }

    private String properties() {
        Map<String, String> lines = new LinkedHashMap<>(KafkaSettings.usual());
        lines.put("process.roles", "broker,controller");
        lines.put("node.id", "1");
        lines.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        lines.put("controller.listener.names", "CONTROLLER");
        lines.put("inter.broker.listener.name", "PLAINTEXT");
        lines.put("log.dirs", data().resolve("logs").toString());
        String plain = "PLAINTEXT://127.0.0.1:";
        String secure = "";
        String protocols = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT";
        TestCertificates certificates = options.certificates();
        if (certificates != null) {
            secure = "," + KafkaTls.LISTENER + "://127.0.0.1:" + tls.port();
            protocols += "," + KafkaTls.LISTENER + ":SASL_SSL";
            lines.putAll(tls.settings(certificates.serverKeyStore().toString(), certificates.password()));
        }
        lines.put("listeners", plain + port + secure + ",CONTROLLER://127.0.0.1:" + controllerPort);
        int advertised = options.advertisedPort() > 0 ? options.advertisedPort() : port;
        lines.put("advertised.listeners", plain + advertised + secure);
        lines.put("listener.security.protocol.map", protocols);
        lines.putAll(options.config());
        return lines.entrySet().stream()
                .map(line -> line.getKey() + "=" + line.getValue() + "\n")
                .collect(Collectors.joining());
    }

    @Override
    public String saslUri() {
        if (options.certificates() == null) {
            throw new IllegalStateException("This server was started without TLS");
        }
        return "kafka://127.0.0.1:" + tls.port();
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
    String probe() throws IOException {
        KafkaProbe.ask("127.0.0.1", port);
        return "Apache Kafka " + version();
    }

    /** Kafka's protocol does not tell its version, so the jar that runs is asked. */
    private String version() throws IOException {
        try (Stream<Path> files = Files.list(jars)) {
            Path clients = files.filter(file -> file.getFileName().toString().startsWith("kafka-clients-"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("No kafka-clients jar in " + jars));
            try (ZipFile jar = new ZipFile(clients.toFile());
                    InputStream in = jar.getInputStream(jar.getEntry("kafka/kafka-version.properties"))) {
                Properties properties = new Properties();
                properties.load(in);
                return properties.getProperty("version");
            }
        }
    }
}
