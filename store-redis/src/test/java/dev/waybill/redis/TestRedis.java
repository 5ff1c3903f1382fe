package dev.waybill.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.util.UUID;
import redis.clients.jedis.RedisClient;

/** A server that lives as long as the JVM of the tests, started when the first test asks for it; and others. */
final class TestRedis {
    private TestRedis() {}

    private static final class Holder {
        static final TestServer SERVER = TestServers.start("redis");
        static final RedisClient CLIENT = RedisClient.create(SERVER.uri());
    }

    static RedisClient client() {
        return Holder.CLIENT;
    }

    static String uri() {
        return Holder.SERVER.uri();
    }

    /** A name that no other store has. */
    static String name() {
        return UUID.randomUUID().toString();
    }

    /** A store of its own on the common server. */
    static RedisConvoyStore.Builder store() {
        return RedisConvoyStore.on(client()).name(name());
    }

    /** A server of one's own, to be closed. */
    static TestServer start(ServerOptions options) {
        String servers = System.getProperty("waybill.it.servers", System.getenv("WAYBILL_IT_SERVERS"));
        assumeTrue(!"external".equals(servers), "an external server is not changed, nor killed");
        return TestServers.start("redis", options);
    }
}
