package dev.waybill.redis;

import static dev.waybill.redis.TestConvoys.MACHINE;
import static dev.waybill.redis.TestConvoys.bodies;
import static dev.waybill.redis.TestConvoys.change;
import static dev.waybill.redis.TestConvoys.letter;
import static dev.waybill.redis.TestConvoys.save;
import static dev.waybill.redis.TestConvoys.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StaleConvoyException;
import java.io.BufferedReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.RedisClient;

/** Processes that take convoys forward and send what these send, and are killed meanwhile. */
@Timeout(180)
class KilledProcessesIT {
    private static final int CONVOYS = 10;
    private static final int AT_ONCE = 3;
    private static final int KILLS = 12;
    /** What each tries before it may be killed. */
    private static final int STEPS = 30;

    private static final String WORKING = "working";

    /** Where letters of a convoy go. */
    private static String queue(String name, String key) {
        return "queue:" + name + ":" + key;
    }

    private static RedisConvoyStore open(RedisClient client, String name) {
        return RedisConvoyStore.on(client)
                .name(name)
                .lease(Duration.ofSeconds(1))
                .open();
    }

    static final class Worker {
        public static void main(String[] arguments) {
            RedisClient client = RedisClient.create(arguments[0]);
            RedisConvoyStore store = open(client, arguments[1]);
            for (int i = 0; true; i++) {
                if (i == STEPS) {
                    System.out.println(WORKING);
                }
                step(store, "k" + ThreadLocalRandom.current().nextInt(CONVOYS));
                relay(client, store, arguments[1], 20);
            }
        }

        private static void step(RedisConvoyStore store, String key) {
            try {
                long next = version(store, key) + 1;
                save(store, change(key, next, 0, letter(key, Long.toString(next))));
            } catch (StaleConvoyException faster) {
                // Another has taken it forward.
            }
        }
    }

    /** Whether there was something. */
    private static boolean relay(RedisClient client, RedisConvoyStore store, String name, int limit) {
        try (Transaction transaction = store.begin()) {
            List<Outgoing> letters = transaction.outgoing(MACHINE, limit);
            for (Outgoing letter : letters) {
                client.rpush(queue(name, letter.key()), bodies(List.of(letter)).get(0));
            }
            transaction.sent(letters);
            transaction.commit();
            return !letters.isEmpty();
        }
    }

    @Test
    void everyStepIsKeptOnceAndWhatItSendsArrivesInOrder() throws Exception {
        String name = TestRedis.name();
        RedisClient client = TestRedis.client();
        RedisConvoyStore store = open(client, name);
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Future<?>> ends = new ArrayList<>();
            for (int i = 0; i < KILLS; i++) {
                ends.add(threads.submit(() -> killAtWork(name)));
            }
            for (Future<?> end : ends) {
                end.get(2, TimeUnit.MINUTES);
            }
        } finally {
            threads.shutdownNow();
        }
        await().until(() -> {
            relay(client, store, name, 1_000);
            return LongStream.range(0, CONVOYS)
                    .allMatch(i -> store.show(MACHINE, "k" + i).orElseThrow().outgoing() == 0);
        });
        int again = 0;
        int all = 0;
        for (int i = 0; i < CONVOYS; i++) {
            String key = "k" + i;
            List<Long> steps =
                    LongStream.rangeClosed(1, version(store, key)).boxed().toList();
            all += steps.size();
            assertThat(store.show(MACHINE, key).orElseThrow().history())
                    .extracting(HistoryEntry::version)
                    .isEqualTo(steps);
            List<Long> arrived = client.lrange(queue(name, key), 0, -1).stream()
                    .map(Long::valueOf)
                    .toList();
            assertThat(arrived.stream().distinct().toList())
                    .as("what arrived of " + key)
                    .isEqualTo(steps);
            again += arrived.size() - steps.size();
        }
        System.out.println(again + " of " + all + " letters arrived twice");
        assertThat(all).as("steps").isGreaterThan(KILLS * STEPS / 2);
    }

    private static Void killAtWork(String name) throws Exception {
        Process worker = ChildProcess.start(Worker.class, TestRedis.uri(), name);
        try (BufferedReader said = worker.inputReader()) {
            assertThat(said.readLine()).isEqualTo(WORKING);
            // For some time, or until it fails by itself.
            boolean ended = worker.waitFor(200 + ThreadLocalRandom.current().nextInt(400), TimeUnit.MILLISECONDS);
            assertThat(ended).as("a worker failed").isFalse();
        } finally {
            worker.destroyForcibly().waitFor();
        }
        return null;
    }
}
