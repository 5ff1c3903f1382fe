package dev.waybill.benchmarks;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.TopologyMode;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyListener;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.jdbc.JdbcConvoyStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;

/** How soon convoys see that the time of many has come at once, in a database. */
final class TimeoutBurst {
    static final int CONVOYS = 10_000;
    private static final int BATCH = 500;
    private static final String NAME = "burst";
    private static final long PREPARE_MILLIS = 2000;

    private final DataSource dataSource;
    private final ConvoyStore store;
    private final AtomicReference<CountDownLatch> left = new AtomicReference<>(new CountDownLatch(0));

    private TimeoutBurst(DataSource dataSource) {
        this.dataSource = dataSource;
        store = JdbcConvoyStore.on(dataSource)
                .table(NAME)
                .schema(TopologyMode.DECLARE)
                .open();
    }

    private enum State {
        NEW,
        WAITING,
        LATE
    }

    /** From when all were due until the last was kept, in milliseconds by the clock of the database. */
    static long millis(DataSource dataSource) throws SQLException, InterruptedException {
        TimeoutBurst burst = new TimeoutBurst(dataSource);
        StateMachine<State, String, String> machine = StateMachine.named(NAME, State.class, String.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, String.class)
                .to(State.WAITING)
                .after(State.WAITING, Duration.ofDays(1))
                .to(State.LATE)
                .terminal(State.LATE)
                .build();
        ConvoyListener counting = new ConvoyListener() {
            @Override
            public void timedOut(String machineName, String key, String from, String to, long lateMillis) {
                burst.left.get().countDown();
            }
        };
        Queue<String> queue = Queue.named(NAME, Codec.text()).orderedByKey().build();
        try (Waybill waybill = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", InMemory.BROKER, "waybill.uri", "in-memory:")))) {
            Convoys convoys = Convoys.of(waybill, queue, machine)
                    .store(burst.store)
                    .listener(counting)
                    .start();
            try {
                burst.fire(CONVOYS / 10);
                return burst.fire(CONVOYS);
            } finally {
                convoys.close();
            }
        }
    }

    private long fire(int number) throws SQLException, InterruptedException {
        for (int first = 0; first < number; first += BATCH) {
            begin(number, first);
        }
        CountDownLatch fired = new CountDownLatch(number);
        left.set(fired);
        long due = now() + PREPARE_MILLIS;
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE " + NAME + " SET due_at = " + due + " WHERE state = 'WAITING'");
        }
        if (now() >= due) {
            throw new BenchmarkException("they were due before all were stored", null);
        }
        if (!fired.await(60, TimeUnit.SECONDS)) {
            throw new BenchmarkException(fired.getCount() + " time-outs have not fired", null);
        }
        return now() - due;
    }

    private long now() {
        try (Transaction transaction = store.begin()) {
            transaction.load(NAME, "nobody", "");
            return transaction.now();
        }
    }

    private void begin(int number, int first) {
        try (Transaction transaction = store.begin()) {
            for (int i = first; i < first + BATCH; i++) {
                String key = number + "-" + i;
                transaction.save(
                        new Change(waiting(key, 0), waiting(key, 1), List.of(), List.of(), List.of(), List.of()));
            }
            transaction.commit();
        }
    }

    private static StoredConvoy waiting(String key, long version) {
        return new StoredConvoy(
                NAME,
                key,
                State.WAITING.name(),
                ConvoyStatus.RUNNING,
                version,
                1,
                new byte[0],
                1,
                1,
                0,
                false,
                0,
                0,
                0,
                null,
                null);
    }
}
