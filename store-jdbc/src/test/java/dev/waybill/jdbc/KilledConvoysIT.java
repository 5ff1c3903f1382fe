package dev.waybill.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.TopologyMode;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.Step;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.h2.tools.Server;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that take convoys forward, and are killed meanwhile: what their steps write is there once. The integration tests show the
 * same on PostgreSQL, with the messages of real brokers.
 */
@Timeout(180)
class KilledConvoysIT {
    private static final String MACHINE = "accounts";
    private static final String TABLE = "killed";
    private static final int ACCOUNTS = 20;
    private static final int EACH = 60;
    private static final int KILLS = 3;

    private enum State {
        OPEN,
        CLOSED
    }

    /** Is sent all messages, whatever others have handled of them, and handles them until it is killed. */
    static final class Worker {
        public static void main(String[] arguments) throws InterruptedException {
            // Who kills the test kills it alone.
            ProcessHandle.current().parent().ifPresent(test -> {
                var unused = test.onExit().thenRun(() -> Runtime.getRuntime().halt(1));
            });
            Queue<String> amounts =
                    Queue.named("amounts", Codec.text()).orderedByKey().build();
            Waybill waybill =
                    Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:")));
            try (Producer<String> producer = waybill.producer(amounts)) {
                for (int number = 1; number <= EACH + 1; number++) {
                    for (int account = 0; account < ACCOUNTS; account++) {
                        producer.send(Message.with(number > EACH ? "close" : Integer.toString(number))
                                .id(account + "-" + number)
                                .key("a" + account)
                                .build());
                    }
                }
            }
            Convoys.of(waybill, amounts, machine())
                    .store(JdbcConvoyStore.on(TestDatabase.pool(arguments[0], arguments[1], true))
                            .table(TABLE)
                            .open())
                    .consumer(consumer -> consumer.concurrency(4))
                    .start();
            Thread.currentThread().join();
        }

        private static StateMachine<State, String, String> machine() {
            return StateMachine.named(MACHINE, State.class, String.class, Codec.text())
                    .start(State.OPEN, key -> "")
                    .on(State.OPEN, String.class)
                    .when("the end", (data, text) -> text.equals("close"))
                    .to(State.CLOSED)
                    .on(State.OPEN, String.class)
                    .to(State.OPEN, (step, text) -> add(step, Long.parseLong(text)))
                    .terminal(State.CLOSED)
                    .build();
        }

        private static void add(Step<String> step, long amount) throws SQLException {
            Connection connection = step.unwrap(Connection.class).orElseThrow();
            try (PreparedStatement statement =
                    connection.prepareStatement("UPDATE account SET balance = balance + ? WHERE owner = ?")) {
                statement.setLong(1, amount);
                statement.setString(2, step.key());
                statement.executeUpdate();
            }
        }
    }

    @Test
    void everyAmountIsAddedOnceInMariaDb() throws Exception {
        everyAmountIsAddedOnce(TestDatabase.mariaDbUrl(""), "root");
    }

    @Test
    void everyAmountIsAddedOnceInH2(@TempDir Path folder) throws Exception {
        Server server = Server.createTcpServer("-tcpPort", "0", "-ifNotExists", "-baseDir", folder.toString())
                .start();
        try {
            everyAmountIsAddedOnce(
                    "jdbc:h2:tcp://localhost:" + server.getPort() + "/./killed;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=20000",
                    "sa");
        } finally {
            server.stop();
        }
    }

    private static void everyAmountIsAddedOnce(String url, String user) throws Exception {
        Deque<Process> workers = new ArrayDeque<>();
        try (HikariDataSource pool = TestDatabase.pool(url, user, true);
                Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            JdbcConvoyStore.on(pool).table(TABLE).schema(TopologyMode.DECLARE).open();
            statement.execute("CREATE TABLE account (owner VARCHAR(20) PRIMARY KEY, balance BIGINT NOT NULL)");
            for (int account = 0; account < ACCOUNTS; account++) {
                statement.execute("INSERT INTO account VALUES ('a" + account + "', 0)");
            }
            workers.add(start(url, user));
            workers.add(start(url, user));
            for (int part = 1; part <= KILLS; part++) {
                awaitSteps(statement, ACCOUNTS * EACH / (KILLS + 1) * part);
                workers.remove().destroyForcibly().waitFor();
                workers.add(start(url, user));
            }
            awaitSteps(statement, ACCOUNTS * (EACH + 1));
            long expected = (long) EACH * (EACH + 1) / 2;
            assertThat(number(statement, "SELECT COUNT(*) FROM account WHERE balance = " + expected))
                    .as("accounts whose balance is %s", expected)
                    .isEqualTo(ACCOUNTS);
            assertThat(number(statement, "SELECT COUNT(*) FROM " + TABLE + " WHERE status = 'DONE'"))
                    .isEqualTo(ACCOUNTS);
        } finally {
            workers.forEach(Process::destroyForcibly);
        }
    }

    private static void awaitSteps(Statement statement, int enough) {
        await("steps that are kept")
                .atMost(Duration.ofSeconds(60))
                .until(() -> number(statement, "SELECT COUNT(*) FROM " + TABLE + "_history") >= enough);
    }

    private static long number(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static Process start(String url, String user) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                        Worker.class.getName(),
                        url,
                        user)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
