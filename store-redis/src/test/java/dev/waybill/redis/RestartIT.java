package dev.waybill.redis;

import static dev.waybill.redis.TestConvoys.MACHINE;
import static dev.waybill.redis.TestConvoys.bodies;
import static dev.waybill.redis.TestConvoys.change;
import static dev.waybill.redis.TestConvoys.due;
import static dev.waybill.redis.TestConvoys.letter;
import static dev.waybill.redis.TestConvoys.save;
import static dev.waybill.redis.TestConvoys.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StaleConvoyException;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServer;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/** A server that is killed and comes again. */
class RestartIT {
    private static final int WRITERS = 4;
    private static final int KILLS = 3;

    private final AtomicBoolean stopped = new AtomicBoolean();
    /** What each writer was told is kept. */
    private final AtomicIntegerArray kept = new AtomicIntegerArray(WRITERS);

    /** Takes a convoy from version to version, and asks again where it got no answer. */
    private int write(RedisConvoyStore store, int writer) {
        String key = "k" + writer;
        int unanswered = 0;
        while (!stopped.get()) {
            int next = kept.get(writer) + 1;
            try {
                save(store, change(key, next, 0, letter(key, key + " " + next)));
                kept.set(writer, next);
            } catch (StaleConvoyException itWasKept) {
                assertThat(unanswered)
                        .as("only what got no answer may be kept already")
                        .isPositive();
                kept.set(writer, next);
            } catch (ConvoyStoreException down) {
                unanswered++;
            }
        }
        return unanswered;
    }

    @Test
    void nothingThatWasConfirmedIsLostWhenTheServerIsKilled() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
        try (TestServer server = TestRedis.start(ServerOptions.usual());
                RedisClient client = RedisClient.create(server.uri())) {
            RedisConvoyStore store = RedisConvoyStore.on(client).open();
            List<Future<Integer>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int writer = i;
                writers.add(threads.submit(() -> write(store, writer)));
            }
            for (int i = 0; i < KILLS; i++) {
                awaitProgress();
                server.kill();
                server.start();
            }
            awaitProgress();
            stopped.set(true);
            for (int i = 0; i < WRITERS; i++) {
                assertThat(writers.get(i).get(1, TimeUnit.MINUTES))
                        .as("how often a writer got no answer")
                        .isPositive();
                assertWhole(store, i);
            }
            assertThat(letters(store)).isEqualTo(expectedLetters());
        } finally {
            stopped.set(true);
            threads.shutdownNow();
        }
    }

    private void awaitProgress() {
        int[] before = new int[WRITERS];
        for (int i = 0; i < WRITERS; i++) {
            before[i] = kept.get(i);
        }
        await().until(() -> {
            for (int i = 0; i < WRITERS; i++) {
                if (kept.get(i) < before[i] + 100) {
                    return false;
                }
            }
            return true;
        });
    }

    private void assertWhole(RedisConvoyStore store, int writer) {
        ConvoyDetails details = store.show(MACHINE, "k" + writer).orElseThrow();
        assertThat(details.convoy().version()).isEqualTo(kept.get(writer));
        List<Long> versions = new ArrayList<>();
        for (long version = 1; version <= kept.get(writer); version++) {
            versions.add(version);
        }
        assertThat(details.history()).extracting(HistoryEntry::version).isEqualTo(versions);
    }

    private Map<String, List<String>> expectedLetters() {
        Map<String, List<String>> expected = new HashMap<>();
        for (int writer = 0; writer < WRITERS; writer++) {
            List<String> bodies = new ArrayList<>();
            for (int i = 1; i <= kept.get(writer); i++) {
                bodies.add("k" + writer + " " + i);
            }
            expected.put("k" + writer, bodies);
        }
        return expected;
    }

    /** By convoy, in order. */
    private static Map<String, List<String>> letters(RedisConvoyStore store) {
        try (Transaction transaction = store.begin()) {
            Map<String, List<String>> letters = new HashMap<>();
            for (Outgoing letter : transaction.outgoing(MACHINE, 1_000_000)) {
                letters.computeIfAbsent(letter.key(), key -> new ArrayList<>()).addAll(bodies(List.of(letter)));
            }
            return letters;
        }
    }

    @Test
    void aServerThatIsDownIsNamedAndUsedAgainWhenItIsBack() {
        try (TestServer server = TestRedis.start(ServerOptions.usual());
                RedisClient client = RedisClient.create(server.uri())) {
            RedisConvoyStore store = RedisConvoyStore.on(client).open();
            save(store, change("a", 1, 0));
            server.kill();
            String address = URI.create(server.uri()).getAuthority();
            assertThatThrownBy(() -> save(store, change("a", 2, 0)))
                    .isInstanceOf(ConvoyStoreException.class)
                    .hasMessageContaining("convoy store 'waybill-convoys' in Redis at " + address);
            server.start();
            await().ignoreExceptionsInstanceOf(ConvoyStoreException.class).until(() -> version(store, "a") == 1);
            save(store, change("a", 2, 0));
            assertThat(version(store, "a")).isEqualTo(2);
        }
    }

    @Test
    void whatIsGivenUpWhileTheServerIsDownIsFreeSoonAfterwards() {
        try (TestServer server = TestRedis.start(ServerOptions.usual());
                RedisClient client = RedisClient.create(server.uri())) {
            RedisConvoyStore store =
                    RedisConvoyStore.on(client).lease(Duration.ofMinutes(10)).open();
            save(store, change("a", 1, 10));
            try (Transaction transaction = store.begin()) {
                assertThat(transaction.due(MACHINE, 10)).hasSize(1);
                server.kill();
            }
            server.start();
            await().ignoreExceptionsInstanceOf(ConvoyStoreException.class)
                    .until(() -> due(store).equals(List.of("a")));
        }
    }

    @Test
    void aServerThatIsDownWhenTheStoreIsOpenedIsNamed() {
        TestServer server = TestRedis.start(ServerOptions.usual());
        String uri = server.uri();
        server.close();
        try (RedisClient client = RedisClient.create(uri)) {
            RedisConvoyStore.Builder builder = RedisConvoyStore.on(client);
            assertThatThrownBy(builder::open)
                    .isInstanceOf(ConvoyStoreException.class)
                    .hasMessageContaining("convoy store 'waybill-convoys' in Redis")
                    .hasMessageContaining(Integer.toString(URI.create(uri).getPort()));
        }
    }
}
