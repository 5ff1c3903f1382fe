package dev.waybill.redis;

import static dev.waybill.redis.TestConvoys.change;
import static dev.waybill.redis.TestConvoys.save;
import static dev.waybill.redis.TestConvoys.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.TopologyException;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;

/** What a store says of its server when it is opened. */
class OpenIT {

    /** Opens a store and returns what it has logged. */
    private static String opened(RedisClient client) {
        PrintStream usual = System.err;
        ByteArrayOutputStream logged = new ByteArrayOutputStream();
        System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
        try {
            RedisConvoyStore store = RedisConvoyStore.on(client).open();
            save(store, change("a", 1, 0));
            assertThat(version(store, "a")).isEqualTo(1);
        } finally {
            System.setErr(usual);
        }
        return logged.toString(StandardCharsets.UTF_8);
    }

    private static String opened(ServerOptions options) {
        try (TestServer server = TestRedis.start(options);
                RedisClient client = RedisClient.create(server.uri())) {
            return opened(client);
        }
    }

    @Test
    void aServerThatKeepsWhatItConfirmsIsFine() {
        assertThat(opened(ServerOptions.usual())).doesNotContain("WARN");
    }

    @Test
    void aServerThatKeepsNothingIsReported() {
        assertThat(opened(ServerOptions.usual().with("appendonly", "no")))
                .contains("WARN", "forgets when its server ends: appendonly is no but should be yes");
    }

    @Test
    void aServerThatKeepsItLaterIsReported() {
        assertThat(opened(ServerOptions.usual().with("appendfsync", "everysec")))
                .contains("WARN", "appendfsync is everysec but should be always");
    }

    @Test
    void aServerThatThrowsAwayWhatIsOldIsRefused() {
        ServerOptions evicting = ServerOptions.usual().with("maxmemory-policy", "allkeys-lru");
        assertThatThrownBy(() -> opened(evicting))
                .isInstanceOf(TopologyException.class)
                .hasMessageContaining("maxmemory-policy is declared as noeviction but is allkeys-lru");
    }

    @Test
    void aUserWhoMayNotDoEverythingIsRefusedUnlessOnlyTheSettingsAreHidden() {
        try (TestServer server = TestRedis.start(ServerOptions.usual());
                Jedis admin = new Jedis(URI.create(server.uri()))) {
            String common = "on >secret ~* +@all -config ";
            admin.aclSetUser("plain", common.split(" "));
            admin.aclSetUser("narrow", (common + "-zremrangebyscore").split(" "));
            admin.configSet("appendonly", "no");
            try (RedisClient plain = as(server, "plain")) {
                assertThat(opened(plain)).doesNotContain("WARN");
            }
            try (RedisClient narrow = as(server, "narrow")) {
                assertThatThrownBy(() -> opened(narrow))
                        .isInstanceOf(ConvoyStoreException.class)
                        .hasMessageContaining("the server refuses ZREMRANGEBYSCORE: ");
            }
        }
    }

    private static RedisClient as(TestServer server, String user) {
        URI uri = URI.create(server.uri());
        return RedisClient.builder()
                .hostAndPort(new HostAndPort(uri.getHost(), uri.getPort()))
                .clientConfig(DefaultJedisClientConfig.builder()
                        .user(user)
                        .password("secret")
                        .build())
                .build();
    }
}
