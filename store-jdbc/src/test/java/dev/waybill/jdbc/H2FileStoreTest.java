package dev.waybill.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class H2FileStoreTest extends JdbcStoreContract {
    @TempDir
    private static Path folder;

    private static HikariDataSource pool;
    private static HikariDataSource withoutAutoCommit;

    @BeforeAll
    static void open() {
        pool = TestDatabase.h2InFile(folder, true);
        withoutAutoCommit = TestDatabase.h2InFile(folder, false);
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
