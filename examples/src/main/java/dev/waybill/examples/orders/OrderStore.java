package dev.waybill.examples.orders;

import dev.waybill.TopologyMode;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.jdbc.JdbcConvoyStore;
import java.nio.file.Path;
import org.h2.jdbcx.JdbcConnectionPool;

/** Where the orders are: an H2 database in a file, which several processes share. */
final class OrderStore implements AutoCloseable {
    private final String url;
    private final JdbcConnectionPool pool;

    OrderStore(String url) {
        this.url = url;
        pool = JdbcConnectionPool.create(url, "", "");
    }

    static OrderStore in(Path folder) {
        return new OrderStore("jdbc:h2:file:" + folder.resolve("orders").toAbsolutePath() + ";AUTO_SERVER=TRUE");
    }

    String url() {
        return url;
    }

    ConvoyStore open() {
        return JdbcConvoyStore.on(pool).schema(TopologyMode.DECLARE).open();
    }

    @Override
    public void close() {
        pool.dispose();
    }
}
