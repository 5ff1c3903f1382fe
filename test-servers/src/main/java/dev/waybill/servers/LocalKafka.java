package dev.waybill.servers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

/** Kafka out of Maven Central's jars: one node, broker and controller in one. */
final class LocalKafka extends LocalServer {
    private static final Duration FORMAT_LIMIT = Duration.ofMinutes(1);

    private final Path jars = MavenJars.resolve("kafka");
    private final int port = takePort();
    private final int controllerPort = takePort();
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
        List<String> command = java(
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "kafka.tools.StorageTool",
                "format",
                "-t",
                clusterId(),
                "-c",
                properties.toString());
        Command.run(new ProcessBuilder(command), FORMAT_LIMIT);
    }

    /** A random id in the form that the tool takes: 16 bytes in URL-safe base 64. */
    private static String clusterId() {
        UUID random = UUID.randomUUID();
        byte[] bytes = java.nio.ByteBuffer.allocate(16)
                .putLong(random.getMostSignificantBits())
                .putLong(random.getLeastSignificantBits())
                .array();
        return java.util.Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private List<String> java(String... arguments) {
        return Stream.concat(
                        Stream.of(
                                Command.java(),
                                "-cp",
                                jars + "/*",
                                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                                "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"),
                        Stream.of(arguments))
                .toList();
    }

    private String properties() {
        Map<String, String> lines = new LinkedHashMap<>(KafkaSettings.usual());
        lines.put("process.roles", "broker,controller");
        lines.put("node.id", "1");
        lines.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        lines.put("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        lines.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
        lines.put("controller.listener.names", "CONTROLLER");
        lines.put("inter.broker.listener.name", "PLAINTEXT");
        lines.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        lines.put("log.dirs", data().resolve("logs").toString());
        lines.putAll(options.config());
        return lines.entrySet().stream()
                .map(line -> line.getKey() + "=" + line.getValue() + "\n")
                .collect(Collectors.joining());
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
