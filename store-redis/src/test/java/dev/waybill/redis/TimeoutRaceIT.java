package dev.waybill.redis;

import static dev.waybill.redis.TestConvoys.MACHINE;
import static dev.waybill.redis.TestConvoys.change;
import static dev.waybill.redis.TestConvoys.save;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyListener;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StateMachine;
import java.io.BufferedReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.RedisClient;

/** Two processes and ten thousand time-outs that are due at once. */
@Timeout(180)
class TimeoutRaceIT {
    private static final int CONVOYS = 10_000;
    private static final String READY = "ready";

    private enum State {
        NEW,
        PLACED,
        LATE
    }

    /** Runs the machine, and says of each time-out that has fired which it was and when that was kept. */
    static final class Racer {
        public static void main(String[] arguments) throws InterruptedException {
            Waybill waybill = Waybill.open(
                    WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:race")));
            StateMachine<State, String, String> machine = StateMachine.named(
                            MACHINE, State.class, String.class, Codec.text())
                    .start(State.NEW, key -> "")
                    .on(State.NEW, String.class)
                    .to(State.PLACED)
                    .after(State.PLACED, Duration.ofDays(1))
                    .to(State.LATE)
                    .terminal(State.LATE)
                    .build();
            Queue<String> orders =
                    Queue.named("orders", Codec.text()).orderedByKey().build();
            Convoys.of(waybill, orders, machine)
                    .store(RedisConvoyStore.on(RedisClient.create(arguments[0]))
                            .name(arguments[1])
                            .open())
                    .listener(new ConvoyListener() {
                        @Override
                        public void timedOut(String name, String key, String from, String to, long lateMillis) {
                            System.out.println(key + " " + System.currentTimeMillis());
                        }
                    })
                    .start();
            System.out.println(READY);
            Thread.currentThread().join();
        }
    }

    /** What one of them has said. */
    private record Fired(List<String> keys, long last) {}

    @Test
    void eachTimeOutFiresOnce() throws Exception {
        String name = TestRedis.name();
        RedisConvoyStore store =
                RedisConvoyStore.on(TestRedis.client()).name(name).open();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        List<Process> racers = new ArrayList<>();
        try {
            List<BufferedReader> said = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Process racer = ChildProcess.start(Racer.class, TestRedis.uri(), name);
                racers.add(racer);
                said.add(racer.inputReader());
            }
            for (BufferedReader lines : said) {
                assertThat(lines.readLine()).isEqualTo(READY);
            }
            long due = System.currentTimeMillis() + 5_000;
            List<String> expected = prepare(store, due);

            AtomicInteger left = new AtomicInteger(CONVOYS);
            List<Future<Fired>> results = new ArrayList<>();
            for (BufferedReader lines : said) {
                results.add(threads.submit(() -> read(lines, left, racers)));
            }
            List<String> fired = new ArrayList<>();
            for (Future<Fired> result : results) {
                Fired one = result.get(2, TimeUnit.MINUTES);
                System.out.println(one.keys.size() + " time-outs in one process, the last " + (one.last - due)
                        + " ms after it was due");
                fired.addAll(one.keys);
            }
            assertThat(fired).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(store.list(MACHINE, ConvoyFilter.all().inState("LATE"), "", CONVOYS))
                    .hasSize(CONVOYS)
                    .allMatch(convoy -> convoy.version() == 2);
        } finally {
            racers.forEach(Process::destroyForcibly);
            threads.shutdownNow();
        }
    }

    private static List<String> prepare(RedisConvoyStore store, long due) {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < CONVOYS; i += 500) {
            List<Change> changes = new ArrayList<>();
            for (int j = i; j < i + 500; j++) {
                keys.add("o" + j);
                changes.add(change("o" + j, 1, due));
            }
            save(store, changes.toArray(Change[]::new));
        }
        return keys;
    }

    /** Until all have fired; then ends both, so that the other reader ends as well. */
    private static Fired read(BufferedReader lines, AtomicInteger left, List<Process> racers) throws Exception {
        List<String> keys = new ArrayList<>();
        long last = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            keys.add(words[0]);
            last = Math.max(last, Long.parseLong(words[1]));
            if (left.decrementAndGet() == 0) {
                // Not by Process, which would close what is still to be read.
                racers.forEach(racer -> racer.toHandle().destroyForcibly());
            }
        }
        return new Fired(keys, last);
    }
}
