package dev.waybill.rabbitmq;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServers;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** A server of one version, for all test classes that leave it as it is; it ends after the last of them. */
final class SharedServer implements BeforeAllCallback {
    private final String version;
    private @Nullable Running running;

    SharedServer(String version) {
        this.version = version;
    }

    private record Running(RabbitMqServer server) implements AutoCloseable {
        @Override
        public void close() {
            server.close();
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (!TestServers.offers("rabbitmq-" + version)) {
            return;
        }
        running = context.getRoot()
                .getStore(Namespace.create(SharedServer.class))
                .getOrComputeIfAbsent(
                        version,
                        key -> new Running(TestServers.rabbitmq(version, ServerOptions.usual())),
                        Running.class);
    }

    RabbitMqServer get() {
        Running there = running;
        assumeTrue(there != null, "RabbitMQ " + version + " runs as a local process only");
        return Objects.requireNonNull(there).server();
    }
}
