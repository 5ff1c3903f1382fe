package dev.waybill.jdbc;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.TopologyMode;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.tck.ConvoyStoreContract;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** What the JDBC store does on every database, beside what every store does. */
abstract class JdbcConvoyStoreContract extends ConvoyStoreContract {
    private static final AtomicInteger TABLES = new AtomicInteger();

    private final String table = "convoys_" + TABLES.incrementAndGet();

    abstract DataSource dataSource();

    @Override
    protected ConvoyStore store() {
        return JdbcConvoyStore.on(dataSource())
                .table(table)
                .schema(TopologyMode.DECLARE)
                .open();
    }

    static ConvoyStore.Change beginning(String state) {
        return new ConvoyStore.Change(convoy("NEW", 0), convoy(state, 1), List.of(), List.of(), List.of(), List.of());
    }

    private static StoredConvoy convoy(String state, long version) {
        return new StoredConvoy(
                "orders",
                "a",
                state,
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

    @Test
    void whatTheDatabaseDoesNotTakeIsNoTroubleOfTheStore() {
        try (ConvoyStore.Transaction transaction = store().begin()) {
            transaction.save(beginning("x".repeat(129)));
            assertThatThrownBy(transaction::commit)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("does not take what a step has written");
        }
    }
}
