package dev.waybill.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** With settings of the server and the driver that change what an update means and reports. */
class MariaDbOtherModesIT extends JdbcStoreContract {
    private static final String MODES =
            "useAffectedRows=true&sessionVariables=sql_mode='STRICT_TRANS_TABLES,SIMULTANEOUS_ASSIGNMENT,ANSI_QUOTES'";

    private static HikariDataSource pool;
    private static HikariDataSource withoutAutoCommit;

    @BeforeAll
    static void open() {
        pool = TestDatabase.mariaDb(MODES, true);
        withoutAutoCommit = TestDatabase.mariaDb(MODES, false);
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
        return "DROP INDEX " + index + " ON " + table;
    }
}
