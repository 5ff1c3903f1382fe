package dev.waybill.servers;

import java.io.IOException;
import java.util.Map;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;

/** Redis's official image. */
final class ContainerRedis extends ContainerServer {
    private static final int PORT = 6379;
    private static final String CONFIGURATION = "/usr/local/etc/redis.conf";

    private final int port = publish(PORT);

    ContainerRedis(ServerOptions options) {
        super("redis", container(options));
    }

    private static GenericContainer<?> container(ServerOptions options) {
        Map<String, String> ours = Map.of("protected-mode", "no", "dir", "/data");
        return new GenericContainer<>(Images.REDIS)
                .withCopyToContainer(Transferable.of(RedisSettings.configuration(ours, options), 0644), CONFIGURATION)
                .withCommand("redis-server", CONFIGURATION);
    }

    @Override
    public String uri() {
        return "redis://" + host() + ":" + port;
    }

    @Override
    public boolean keepsData() {
        return true;
    }

    @Override
    String probe() throws IOException {
        return RedisProbe.ask(host(), port);
    }
}
