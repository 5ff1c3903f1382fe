package dev.waybill.redis;

import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import redis.clients.jedis.RedisClient;

/** A server that lives as long as the JVM of the tests, started when the first test asks for it. */
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
}
