package dev.waybill.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.idempotency.IdempotencyStoreException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.time.Duration;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuilderTest {
    private final JdbcIdempotencyStore.Builder builder = JdbcIdempotencyStore.on(ofProduct("Oracle"));

    /** A database of which nothing is known but its name. */
    private static DataSource ofProduct(String product) {
        DatabaseMetaData metaData = stub(DatabaseMetaData.class, product);
        return stub(DataSource.class, stub(Connection.class, metaData));
    }

    /** Answers every question with the same, but says that a connection commits by itself. */
    private static <T> T stub(Class<T> type, Object answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            if (method.getReturnType() == boolean.class) {
                return true;
            }
            return method.getReturnType() == void.class ? null : answer;
        }));
    }

    @Test
    void aDatabaseThatIsNotKnownIsRefusedWithThoseThatAre() {
        assertThatThrownBy(builder::open)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the idempotency store does not know the database 'Oracle': known are PostgreSQL, MariaDB and H2");
    }

    @Test
    void aDatabaseThatIsDownIsReported() {
        HikariDataSource closed = TestDatabase.h2InMemory(true);
        closed.close();
        assertThatThrownBy(() -> JdbcIdempotencyStore.on(closed).open())
                .isInstanceOf(IdempotencyStoreException.class)
                .hasMessageContaining("table waybill_idempotency cannot be asked");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1a", "a b", "a;b", "a--", "\"a\"", "a.b.c", ".a", "a.", "\u00e4", "a\n"})
    void aTableNameThatWouldNeedQuotesIsRefused(String name) {
        assertThatThrownBy(() -> builder.table(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("table name '" + name + "' is not allowed");
    }

    @Test
    void theLongestNameHasFortyEightCharacters() {
        TableName name = TableName.of("s.".concat("a".repeat(48)));
        assertThat(name.qualifier()).isEqualTo("s.");
        assertThat(name.index()).as("fits into the 63 characters of PostgreSQL").hasSizeLessThan(63);
        assertThatThrownBy(() -> builder.table("a".repeat(49))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aWrongValueIsRefusedByNameAndRange() {
        assertThatThrownBy(() -> builder.timeToLive(Duration.ZERO))
                .hasMessage("timeToLive of the idempotency store is PT0S but must be PT1S to PT8784H");
        assertThatThrownBy(() -> builder.statementTimeout(Duration.ofMillis(999)))
                .hasMessage("statementTimeout of the idempotency store is PT0.999S but must be PT1S to PT10M");
        assertThatThrownBy(() -> builder.cleanEvery(Duration.ofDays(2)))
                .hasMessage("cleanEvery of the idempotency store is PT48H but must be PT1S to PT24H");
    }
}
