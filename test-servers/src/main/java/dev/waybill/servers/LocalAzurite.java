package dev.waybill.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Azurite, a double of Azure Blob Storage, out of its npm package. With certificates it speaks TLS only, and takes bearer tokens. */
final class LocalAzurite extends LocalServer {
    private static final Duration INSTALL_LIMIT = Duration.ofMinutes(10);

    private final Path tree = Cache.provide("azurite-" + AzuriteSettings.VERSION, LocalAzurite::install);
    private final int port = takePort();
    private final ServerOptions options;

    LocalAzurite(ServerOptions options) {
        super("azure");
        this.options = options;
    }

    /** Whether it can be installed: npm brings all else. */
    static boolean isOffered() {
        return Command.find("npm").isPresent();
    }

    private static void install(Path folder) throws IOException {
        Path script = Files.createTempFile("install-azurite-", ".sh");
        try {
            Files.writeString(script, Folders.resource("install-azurite.sh"));
            Command.run(
                    new ProcessBuilder("bash", script.toString(), folder.toString(), AzuriteSettings.VERSION),
                    INSTALL_LIMIT);
        } finally {
            Files.deleteIfExists(script);
        }
    }

    @Override
    public String uri() {
        return (options.certificates() == null ? "http" : "https") + "://127.0.0.1:" + port + AzuriteSettings.ACCOUNT;
    }

    /** It writes down what it has now and then. */
    @Override
    public boolean keepsData() {
        return false;
    }

    @Override
    void launch() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                tree.resolve("node").toString(),
                tree.resolve("node_modules/azurite/dist/src/blob/main.js").toString(),
                "--blobHost=127.0.0.1",
                "--blobPort=" + port,
                "--location=" + Files.createDirectories(data().resolve("blobs"))));
        command.addAll(AzuriteSettings.usual());
        TestCertificates certificates = options.certificates();
        if (certificates != null) {
            command.addAll(List.of(
                    "--cert=" + certificates.serverPem(), "--key=" + certificates.serverKeyPem(), "--oauth=basic"));
        }
        options.config().forEach((key, value) -> command.add("--" + key + "=" + value));
        run("Azurite", command, Map.of());
    }

    @Override
    String probe() throws IOException {
        return AzureProbe.ask(uri(), options.certificates());
    }
}
