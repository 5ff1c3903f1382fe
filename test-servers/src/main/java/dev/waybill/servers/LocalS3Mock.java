package dev.waybill.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Adobe's S3Mock, a double of S3, out of Maven Central's jars; its objects are files, and survive a restart. */
final class LocalS3Mock extends LocalServer {
    private static final String JAR = "s3mock-";

    /** The only key of KMS that there is; it is asked for by what stands behind the slash. */
    private static final String KMS_KEY = "arn:aws:kms:us-east-1:000000000000:key/waybill";

    private final Path jars = MavenJars.resolve("s3mock");
    private final int port = takePort();
    private final int tlsPort = takePort();
    private final ServerOptions options;

    LocalS3Mock(ServerOptions options) {
        super("s3");
        this.options = options;
    }

    @Override
    public String uri() {
        return "http://127.0.0.1:" + port;
    }

    @Override
    void launch() throws IOException {
        Path root = Files.createDirectories(data().resolve("objects"));
        List<String> command = new ArrayList<>(javaCommand());
        command.addAll(List.of(
                "-Xmx512m",
                "-cp",
                jars + "/*",
                "com.adobe.testing.s3mock.S3MockApplication",
                "--server.address=127.0.0.1",
                "--server.port=" + tlsPort,
                "--com.adobe.testing.s3mock.httpPort=" + port,
                "--com.adobe.testing.s3mock.store.root=" + root,
                "--com.adobe.testing.s3mock.store.retainFilesOnExit=true",
                "--com.adobe.testing.s3mock.store.validKmsKeys=" + KMS_KEY));
        options.config().forEach((key, value) -> command.add("--" + key + "=" + value));
        run("S3Mock", command, Map.of());
    }

    @Override
    String probe() throws IOException {
        S3Probe.ask(uri());
        return "S3Mock " + MavenJars.version(jars, JAR);
    }
}
