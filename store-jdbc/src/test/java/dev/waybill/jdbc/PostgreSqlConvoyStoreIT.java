package dev.waybill.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.StoredConvoy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgreSqlConvoyStoreIT extends JdbcConvoyStoreContract {
    private static HikariDataSource pool;

    @BeforeAll
    static void open() {
        pool = TestDatabase.postgreSql(true);
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    @Override
    DataSource dataSource() {
        return pool;
    }

    /** What PostgreSQL only finds at the end, and what an action has not told of: neither goes away by waiting. */
    @ParameterizedTest
    @ValueSource(strings = {"INSERT INTO deferred VALUES (1), (1)", "SELECT 1 / 0"})
    void whatAnActionHasBrokenIsNoTroubleOfTheStore(String statement) throws SQLException {
        ConvoyStore store = store();
        try (Connection connection = pool.getConnection();
                Statement create = connection.createStatement()) {
            create.execute("CREATE TABLE IF NOT EXISTS deferred (id INT UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        }
        try (ConvoyStore.Transaction transaction = store.begin();
                Statement broken =
                        transaction.unwrap(Connection.class).orElseThrow().createStatement()) {
            try {
                broken.execute(statement);
            } catch (SQLException swallowed) {
                assertThat(swallowed.getMessage()).contains("division by zero");
            }
            transaction.save(beginning("NEW"));
            assertThatThrownBy(transaction::commit)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("does not take what a step has written");
        }
    }

    private enum State {
        NEW,
        WAITING,
        DONE
    }

    @Test
    void aFailureThatADatabaseCannotSayIsKeptInAscii() throws SQLException {
        Queue<String> queue = Queue.named("prices", Codec.text())
                .orderedByKey()
                .maxDeliveries(2)
                .retry(RetryPolicy.immediate())
                .build();
        StateMachine<State, String, String> machine = StateMachine.named(
                        "prices", State.class, String.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, String.class)
                .to(State.WAITING, (step, text) -> demandPrice(text))
                .after(State.WAITING, Duration.ofMillis(1))
                .to(State.DONE, step -> demandPrice(step.key()))
                .terminal(State.DONE)
                .build();
        try (HikariDataSource latin1 = TestDatabase.latin1();
                Waybill waybill = Waybill.open(
                        WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:")));
                Convoys convoys = Convoys.of(waybill, queue, machine)
                        .store(JdbcConvoyStore.on(latin1)
                                .schema(TopologyMode.DECLARE)
                                .open())
                        .start()) {
            Producer<String> producer = waybill.producer(queue);
            producer.sendAndWait(Message.with("none").key("message").build());
            producer.sendAndWait(Message.with("5").key("none").build());
            for (String key : List.of("message", "none")) {
                await().untilAsserted(() -> assertThat(convoys.operations().list(ConvoyFilter.all(), "", 10))
                        .filteredOn(convoy -> convoy.key().equals(key))
                        .extracting(StoredConvoy::status, StoredConvoy::failure)
                        .containsExactly(tuple(ConvoyStatus.STUCK, "java.lang.IllegalStateException: no price in ?")));
            }
        }
    }

    private static void demandPrice(String text) {
        if (text.equals("none")) {
            throw new IllegalStateException("no price in \u20AC");
        }
    }
}
