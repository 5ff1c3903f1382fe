package dev.waybill.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.TopologyMode;
import dev.waybill.idempotency.IdempotencyStore;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.simple.SimpleLogger;

/**
 * Consumers that are killed, with SIGKILL and at random moments, while they add amounts to a balance: with the mark in the same
 * transaction every amount is in the balance once; without it, not.
 */
class ExactlyOnceIT {
    private static final int AT_ONCE = 4;
    private static final int KILLED = 128 + 9;

    /** What a worker needs and no more, so that it starts soon. */
    private static final String WORKER_CLASSES = Stream.of(
                    BalanceWorker.class,
                    JdbcIdempotencyStore.class,
                    IdempotencyStore.class,
                    PGSimpleDataSource.class,
                    Logger.class,
                    SimpleLogger.class)
            .map(type ->
                    type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .collect(Collectors.joining(File.pathSeparator));

    private final HikariDataSource pool = TestDatabase.postgreSql(true);

    @BeforeEach
    void createTables() throws SQLException {
        JdbcIdempotencyStore.on(pool)
                .schema(TopologyMode.DECLARE)
                .cleanEvery(Duration.ZERO)
                .open();
        execute(
                "CREATE TABLE work (number BIGSERIAL PRIMARY KEY, message_id TEXT NOT NULL, amount BIGINT NOT NULL,"
                        + " acknowledged BOOLEAN NOT NULL DEFAULT FALSE, deliveries INT NOT NULL DEFAULT 0)",
                "CREATE INDEX work_open ON work (number) WHERE NOT acknowledged",
                "CREATE TABLE account (number INT PRIMARY KEY, balance BIGINT NOT NULL DEFAULT 0)",
                "INSERT INTO account SELECT generate_series(0, " + (BalanceWorker.ACCOUNTS - 1) + ")");
    }

    @AfterEach
    void dropTables() throws SQLException {
        execute("DROP TABLE work", "DROP TABLE account", "DROP TABLE waybill_idempotency");
        pool.close();
    }

    @Test
    void everyAmountIsAddedOnceByConsumersThatAreKilledTwoHundredTimes() throws Exception {
        killing(200, true);
        long messages = number("SELECT COUNT(DISTINCT message_id) FROM work");
        assertThat(number("SELECT COUNT(*) FROM waybill_idempotency WHERE done = 1"))
                .as("marks")
                .isEqualTo(messages);
        assertThat(number("SELECT COUNT(*) FROM work WHERE deliveries > 1"))
                .as("messages that came again because nobody had acknowledged them")
                .isGreaterThan(200);
        assertThat(balance()).as("the balance").isEqualTo(sent());
    }

    @Test
    void withoutTheMarkTheBalanceIsWrong() throws Exception {
        killing(10, false);
        assertThat(balance()).as("the balance").isGreaterThan(sent());
    }

    /** Kills that many workers, several at a time, while there is work; then lets one do the rest. */
    private void killing(int times, boolean marks) throws Exception {
        send(times, 500);
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Future<Integer>> ends = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                int round = i;
                ends.add(threads.submit(() -> {
                    send(round, 50);
                    return killAtWork(start(marks, true));
                }));
            }
            for (Future<Integer> end : ends) {
                assertThat(end.get(3, TimeUnit.MINUTES))
                        .as("the exit code of a worker that was to be killed")
                        .isEqualTo(KILLED);
            }
        } finally {
            threads.shutdownNow();
        }
        Process last = start(marks, false);
        assertThat(last.waitFor(2, TimeUnit.MINUTES)).as("the rest was done").isTrue();
        assertThat(last.exitValue()).isZero();
        assertThat(number("SELECT COUNT(*) FROM work WHERE NOT acknowledged")).isZero();
    }

    private static int killAtWork(Process worker) throws IOException, InterruptedException {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(worker.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(out.readLine()).as("what the worker says first").isEqualTo(BalanceWorker.WORKING);
            worker.waitFor(ThreadLocalRandom.current().nextInt(150), TimeUnit.MILLISECONDS);
        } finally {
            worker.destroyForcibly();
        }
        return worker.waitFor();
    }

    private static Process start(boolean marks, boolean endless) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx64m",
                        "-cp",
                        WORKER_CLASSES,
                        BalanceWorker.class.getName(),
                        TestDatabase.postgreSqlUrl(),
                        Boolean.toString(marks),
                        Boolean.toString(endless))
                .redirectErrorStream(true)
                .start();
    }

    /** Messages, each twice. */
    private void send(int round, int messages) throws SQLException {
        String select = "INSERT INTO work (message_id, amount) SELECT '" + round + "-' || i, 1 + i % 97"
                + " FROM generate_series(1, " + messages + ") AS i";
        execute(select, select);
    }

    private long sent() throws SQLException {
        return number("SELECT SUM(amount) FROM (SELECT DISTINCT message_id, amount FROM work) AS messages");
    }

    private long balance() throws SQLException {
        return number("SELECT SUM(balance) FROM account");
    }

    private long number(String sql) throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private void execute(String... sql) throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            for (String one : sql) {
                statement.execute(one);
            }
        }
    }
}
