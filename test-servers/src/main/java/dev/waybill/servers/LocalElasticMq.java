package dev.waybill.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** ElasticMQ, a double of SQS, out of Maven Central's jars; its queues and messages survive a restart. */
final class LocalElasticMq extends LocalServer {
    private static final String JAR = "elasticmq-server_2.13-";

    private final Path jars = MavenJars.resolve("elasticmq");
    private final int port = takePort();
    private final ServerOptions options;

    LocalElasticMq(ServerOptions options) {
        super("sqs");
        this.options = options;
    }

    @Override
    public String uri() {
        return "http://127.0.0.1:" + port;
    }

    @Override
    void launch() throws IOException {
        Path file = Files.writeString(data().resolve("elasticmq.conf"), configuration());
        // Not a light one: whole suites load it, which takes the best compiler.
        List<String> command = new ArrayList<>(List.of(Command.jdk("java")));
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-Dconfig.file=" + file,
                "-cp",
                jars + "/*",
                "org.elasticmq.server.Main"));
        run("ElasticMQ", command, Map.of());
    }

    private String configuration() {
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("node-address.host", "\"127.0.0.1\"");
        lines.put("node-address.port", Integer.toString(port));
        lines.put("rest-sqs.bind-hostname", "\"127.0.0.1\"");
        lines.put("rest-sqs.bind-port", Integer.toString(port));
        lines.put("aws.region", "\"us-east-1\"");
        lines.put("queues-storage.enabled", "true");
        lines.put("queues-storage.path", "\"" + data().resolve("queues.conf") + "\"");
        lines.put("messages-storage.enabled", "true");
        // H2 otherwise writes up to half a second late, which a kill would lose.
        lines.put("messages-storage.uri", "\"jdbc:h2:file:" + data().resolve("messages") + ";WRITE_DELAY=0\"");
        // Its HTTP server cuts connections, with the answers that were on their way, when this machine makes it late.
        // The first is above
        // the longest wait of a poll, and the clients give up idle connections before the second.
        lines.put("pekko.http.server.request-timeout", "60 s");
        lines.put("pekko.http.server.idle-timeout", "10 minutes");
        lines.put("pekko.stream.materializer.subscription-timeout.timeout", "60 s");
        lines.putAll(options.config());
        return lines.entrySet().stream()
                .map(line -> line.getKey() + " = " + line.getValue() + "\n")
                .collect(Collectors.joining("", "include classpath(\"application.conf\")\n", ""));
    }

    @Override
    String probe() throws IOException {
        SqsProbe.listQueues(uri());
        return "ElasticMQ " + MavenJars.version(jars, JAR);
    }
}
