package dev.waybill.jdbc;

import dev.waybill.TopologyMode;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.tck.ConvoyStoreContract;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

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
}
