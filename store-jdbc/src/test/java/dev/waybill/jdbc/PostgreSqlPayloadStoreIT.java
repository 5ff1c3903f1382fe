package dev.waybill.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class PostgreSqlPayloadStoreIT extends JdbcPayloadStoreContract {
    private static HikariDataSource pool;

    @BeforeAll
    static void open() {
        pool = TestDatabase.postgreSql(false);
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    @Override
    DataSource dataSource() {
        return pool;
    }
}
