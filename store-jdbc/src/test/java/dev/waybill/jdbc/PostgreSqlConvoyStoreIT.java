package dev.waybill.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.convoy.ConvoyStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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
}
