package dev.waybill.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Redis out of Debian's packages; what it has confirmed is on the disk. */
final class LocalRedis extends LocalServer {
    private static final Duration INSTALL_LIMIT = Duration.ofMinutes(10);

    private final Path tree = Cache.provide("redis", LocalRedis::install);
    private final int port = takePort();
    private final ServerOptions options;

    LocalRedis(ServerOptions options) {
        super("redis");
        this.options = options;
    }

    private static void install(Path folder) throws IOException {
        Path script = Files.createTempFile("install-redis-", ".sh");
        try {
            Files.writeString(script, Folders.resource("install-redis.sh"));
            Command.run(new ProcessBuilder("bash", script.toString(), folder.toString()), INSTALL_LIMIT);
        } finally {
            Files.deleteIfExists(script);
        }
    }

    @Override
    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    @Override
    void launch() throws IOException {
        Map<String, String> ours =
                Map.of("bind", "127.0.0.1", "port", Integer.toString(port), "dir", data().toString());
        Path file = Files.writeString(data().resolve("redis.conf"), RedisSettings.configuration(ours, options));
        String libraries = Files.readString(tree.resolve("libraries")).strip();
        run(
                "Redis",
                List.of(tree.resolve("usr/bin/redis-server").toString(), file.toString()),
                Map.of("LD_LIBRARY_PATH", libraries));
    }

    @Override
    String probe() throws IOException {
        return RedisProbe.ask("127.0.0.1", port);
    }
}
