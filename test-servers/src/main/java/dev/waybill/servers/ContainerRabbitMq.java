package dev.waybill.servers;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.testcontainers.containers.Container;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.rabbitmq.RabbitMQContainer;
import org.testcontainers.utility.MountableFile;

/** RabbitMQ's official image. */
final class ContainerRabbitMq extends ContainerServer implements RabbitMqServer {
    private static final int AMQP = 5672;
    private static final int AMQPS = 5671;
    private static final int MANAGEMENT = 15672;
    private static final String CERTIFICATES = "/etc/rabbitmq/certificates/";

    private final int port = publish(AMQP);
    private final int tlsPort = publish(AMQPS);
    private final int managementPort = publish(MANAGEMENT);
    private final boolean tls;

    ContainerRabbitMq(String version, ServerOptions options) {
        super("rabbitmq", container(version, options));
        this.tls = options.certificates() != null;
    }

    private static RabbitMQContainer container(String version, ServerOptions options) {
        RabbitMQContainer container = new RabbitMQContainer(Images.rabbitMq(version));
        TestCertificates certificates = options.certificates();
        Map<String, String> special = Map.of();
        if (certificates != null) {
            special = RabbitMqSettings.tls(
                    Integer.toString(AMQPS),
                    CERTIFICATES + "authority.pem",
                    CERTIFICATES + "server.pem",
                    CERTIFICATES + "server-key.pem");
            container
                    .withCopyFileToContainer(readable(certificates.authorityPem()), CERTIFICATES + "authority.pem")
                    .withCopyFileToContainer(readable(certificates.serverPem()), CERTIFICATES + "server.pem")
                    .withCopyFileToContainer(readable(certificates.serverKeyPem()), CERTIFICATES + "server-key.pem");
        }
        return container
                .withCopyToContainer(
                        Transferable.of(RabbitMqSettings.configuration(special, options)),
                        "/etc/rabbitmq/conf.d/90-waybill.conf")
                .withCopyToContainer(
                        Transferable.of(RabbitMqSettings.enabledPlugins()), "/etc/rabbitmq/enabled_plugins");
    }

    private static MountableFile readable(java.nio.file.Path file) {
        return MountableFile.forHostPath(file, 0644);
    }

    @Override
    public String uri() {
        return "amqp://guest:guest@" + host() + ":" + port;
    }

    @Override
    public String tlsUri() {
        if (!tls) {
            throw new IllegalStateException("This server was started without TLS");
        }
        return "amqps://guest:guest@" + host() + ":" + tlsPort;
    }

    @Override
    public String managementUri() {
        return "http://" + host() + ":" + managementPort;
    }

    @Override
    public boolean keepsData() {
        return true;
    }

    @Override
    String probe() throws IOException {
        return AmqpProbe.ask(host(), port);
    }

    @Override
    void beforeKill() {
        RabbitMqSettings.writeQueueNames(this);
    }

    @Override
    public String rabbitmqctl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("rabbitmqctl"));
        command.addAll(List.of(arguments));
        try {
            Container.ExecResult result = container().execInContainer(command.toArray(String[]::new));
            String printed = result.getStdout() + result.getStderr();
            if (result.getExitCode() != 0) {
                throw new ServerException(
                        "'" + String.join(" ", command) + "' ended with " + result.getExitCode() + ":\n" + printed);
            }
            return printed;
        } catch (IOException e) {
            throw new ServerException("Running rabbitmqctl", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerException("Interrupted while running rabbitmqctl", e);
        }
    }
}
