package dev.waybill.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class H2InMemoryStoreTest extends JdbcStoreContract {
    private static HikariDataSource pool;
    private static HikariDataSource withoutAutoCommit;

    @BeforeAll
    static void open() {
        pool = TestDatabase.h2InMemory(true);
        withoutAutoCommit = TestDatabase.h2InMemory(false);
    }

    @AfterAll
    static void close() {
        pool.close();
        withoutAutoCommit.close();
    }

    @Override
    DataSource dataSource() {
        return pool;
    }

    @Override
    DataSource withoutAutoCommit() {
        return withoutAutoCommit;
    }

    @Override
    String dropIndex(String table, String index) {
        return "DROP INDEX " + index;
    }
}
