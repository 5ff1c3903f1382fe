package dev.waybill.redis;

import static org.awaitility.Awaitility.await;

import dev.waybill.convoy.ConvoyStore;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServer;
import dev.waybill.tck.ConvoyStoreContract;
import java.net.URI;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClusterClient;

/** A cluster of one node refuses, as any, a script whose keys are in several slots. */
class RedisClusterConvoyStoreIT extends ConvoyStoreContract {
    private static TestServer server;
    private static RedisClusterClient client;

    @BeforeAll
    static void open() {
        server = TestRedis.start(ServerOptions.usual().with("cluster-enabled", "yes"));
        URI uri = URI.create(server.uri());
        try (Jedis node = new Jedis(uri)) {
            node.configSet("cluster-announce-ip", uri.getHost());
            node.configSet("cluster-announce-port", Integer.toString(uri.getPort()));
            node.clusterAddSlotsRange(0, 16_383);
            await().until(() -> node.clusterInfo().contains("cluster_state:ok"));
        }
        client = RedisClusterClient.create(new HostAndPort(uri.getHost(), uri.getPort()));
    }

    @AfterAll
    static void close() {
        if (server != null) {
            client.close();
            server.close();
        }
    }

    @Override
    protected ConvoyStore store() {
        return RedisConvoyStore.on(client).name(TestRedis.name()).open();
    }
}
