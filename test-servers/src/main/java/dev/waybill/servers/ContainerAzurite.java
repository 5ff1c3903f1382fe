package dev.waybill.servers;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.MountableFile;

/** Azurite's official image. With certificates it speaks TLS only, and takes bearer tokens. */
final class ContainerAzurite extends ContainerServer {
    private static final int PORT = 10_000;
    private static final String CERTIFICATE = "/opt/azurite/server.pem";
    private static final String KEY = "/opt/azurite/server-key.pem";

    private final int port = publish(PORT);
    private final @Nullable TestCertificates certificates;

    ContainerAzurite(ServerOptions options) {
        super("azure", container(options));
        certificates = options.certificates();
    }

    private static GenericContainer<?> container(ServerOptions options) {
        GenericContainer<?> container = new GenericContainer<>(Images.AZURITE);
        List<String> command = new ArrayList<>(List.of("azurite-blob", "--blobHost=0.0.0.0"));
        command.addAll(AzuriteSettings.usual());
        TestCertificates certificates = options.certificates();
        if (certificates != null) {
            container
                    .withCopyFileToContainer(MountableFile.forHostPath(certificates.serverPem(), 0644), CERTIFICATE)
                    .withCopyFileToContainer(MountableFile.forHostPath(certificates.serverKeyPem(), 0644), KEY);
            command.addAll(List.of("--cert=" + CERTIFICATE, "--key=" + KEY, "--oauth=basic"));
        }
        options.config().forEach((key, value) -> command.add("--" + key + "=" + value));
        return container.withCommand(command.toArray(String[]::new));
    }

    @Override
    public String uri() {
        return (certificates == null ? "http" : "https") + "://" + host() + ":" + port + AzuriteSettings.ACCOUNT;
    }

    @Override
    public boolean keepsData() {
        return false;
    }

    @Override
    String probe() throws IOException {
        return AzureProbe.ask(uri(), certificates);
    }
}
