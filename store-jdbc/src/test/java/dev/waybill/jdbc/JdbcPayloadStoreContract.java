package dev.waybill.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.TopologyException;
import dev.waybill.TopologyMode;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.tck.PayloadStoreContract;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** What the JDBC store does on every database, beside what every store does. */
abstract class JdbcPayloadStoreContract extends PayloadStoreContract {
    private static final AtomicInteger TABLES = new AtomicInteger();

    private final String table = "payloads_" + TABLES.incrementAndGet();

    abstract DataSource dataSource();

    @Override
    protected PayloadStore store() {
        return open(TopologyMode.DECLARE);
    }

    private JdbcPayloadStore open(TopologyMode mode) {
        return JdbcPayloadStore.on(dataSource()).table(table).schema(mode).open();
    }

    private long parts() throws Exception {
        try (Connection connection = dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT COUNT(*) FROM " + table + "_part")) {
            row.next();
            return row.getLong(1);
        }
    }

    @Test
    void noPartOutlivesItsPayload() throws Exception {
        PayloadStore store = open(TopologyMode.VERIFY);
        assertThat(store.write("q/k", out -> out.write(new byte[5_000_000]))).isTrue();
        assertThat(parts()).isEqualTo(5);
        assertThat(store.write("q/k", out -> out.write(new byte[5_000_000]))).isFalse();
        assertThat(parts()).as("after one that came too late").isEqualTo(5);
        assertThatThrownBy(() -> store.write("q/other", out -> {
                    out.write(new byte[5_000_000]);
                    throw new IllegalStateException("the source is mad");
                }))
                .hasMessage("the source is mad");
        assertThat(parts()).as("after one that failed").isEqualTo(5);
        store.delete(List.of("q/k"));
        assertThat(parts()).isZero();
    }

    @Test
    void tablesThatAreMissingAreNamed() {
        assertThatThrownBy(() ->
                        JdbcPayloadStore.on(dataSource()).table("none_such").open())
                .isInstanceOf(TopologyException.class)
                .hasMessageContaining("none_such");
    }
}
