package dev.waybill.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.TopologyMode;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.InMemoryConvoyStore;
import dev.waybill.convoy.StateMachine;
import dev.waybill.jdbc.JdbcConvoyStore;
import dev.waybill.redis.RedisConvoyStore;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClient;

/** What it costs to keep where a convoy is: the same messages without a state, and with one in each store. */
final class StoreCost {
    private static final int KEYS = 1000;
    private static final int WARM_UP = 5_000;
    private static final int MESSAGES = 20_000;
    private static final long PATIENCE_SECONDS = 300;

    private StoreCost() {}

    /** What a store does in a second. */
    record Measured(String name, double rate) {
        /** How long one of so many handlers is at it. */
        double micros(int handlers) {
            return handlers * 1e6 / rate;
        }
    }

    private enum State {
        OPEN,
        CLOSED
    }

    /** @param postgreSql the address of a database */
    static List<Measured> measure(int concurrency, ServersOption servers, String postgreSql) throws Exception {
        List<Measured> found = new ArrayList<>();
        found.add(new Measured("no state", rate(null, concurrency)));
        found.add(new Measured("in memory", rate(new InMemoryConvoyStore(), concurrency)));
        try (HikariDataSource pool = pool("jdbc:h2:mem:bench;DB_CLOSE_DELAY=-1", "sa", concurrency)) {
            found.add(new Measured("H2 in memory", rate(jdbc(pool), concurrency)));
        }
        try (HikariDataSource pool = pool(postgreSql, "postgres", concurrency)) {
            found.add(new Measured("PostgreSQL", rate(jdbc(pool), concurrency)));
        }
        try (Server server = servers.start("redis");
                RedisClient client = redis(server.uri(), concurrency)) {
            found.add(new Measured(
                    server.product(), rate(RedisConvoyStore.on(client).open(), concurrency)));
        }
        return found;
    }

    private static RedisClient redis(String uri, int concurrency) {
        ConnectionPoolConfig pool = new ConnectionPoolConfig();
        pool.setMaxTotal(concurrency + 3);
        return RedisClient.builder()
                .hostAndPort(HostAndPort.from(URI.create(uri).getAuthority()))
                .poolConfig(pool)
                .build();
    }

    private static ConvoyStore jdbc(HikariDataSource pool) {
        return JdbcConvoyStore.on(pool).schema(TopologyMode.DECLARE).open();
    }

    static HikariDataSource pool(String url, String user, int concurrency) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setMaximumPoolSize(concurrency + 3);
        return new HikariDataSource(config);
    }

    private static double rate(@Nullable ConvoyStore store, int concurrency) throws InterruptedException {
        Queue<String> queue = Queue.named("bench-" + UUID.randomUUID(), Codec.text())
                .orderedByKey()
                .build();
        CountDownLatch warm = new CountDownLatch(WARM_UP);
        CountDownLatch left = new CountDownLatch(WARM_UP + MESSAGES);
        AtomicLong began = new AtomicLong();
        Runnable handled = () -> {
            warm.countDown();
            left.countDown();
            if (warm.getCount() == 0) {
                began.compareAndSet(0, System.nanoTime());
            }
        };
        StateMachine<State, String, String> machine = StateMachine.named(
                        "bench", State.class, String.class, Codec.text())
                .start(State.OPEN, key -> "")
                .on(State.OPEN, String.class)
                .when("the end", (data, text) -> text.isEmpty())
                .to(State.CLOSED)
                .on(State.OPEN, String.class)
                .to(State.OPEN, (step, text) -> {
                    step.data(text);
                    handled.run();
                })
                .terminal(State.CLOSED)
                .build();
        try (Waybill waybill = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", InMemory.BROKER, "waybill.uri", "in-memory:")))) {
            Producer<String> producer = waybill.producer(queue);
            List<CompletableFuture<Void>> sends = new ArrayList<>();
            for (int i = 0; i < WARM_UP + MESSAGES; i++) {
                sends.add(producer.send(
                        Message.with("message " + i).key("key-" + i % KEYS).build()));
            }
            CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
            @Nullable Convoys convoys = null;
            if (store == null) {
                waybill.consumer(queue).concurrency(concurrency).start(delivery -> handled.run());
            } else {
                convoys = Convoys.of(waybill, queue, machine)
                        .store(store)
                        .consumer(consumer -> consumer.concurrency(concurrency))
                        .start();
            }
            if (!left.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new BenchmarkException(left.getCount() + " messages were not handled", null);
            }
            double rate = MESSAGES * 1e9 / (System.nanoTime() - began.get());
            if (convoys != null) {
                convoys.close();
            }
            return rate;
        }
    }
}
