package dev.waybill.jdbc;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.waybill.TopologyMode;
import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Keeps payloads in tables of PostgreSQL, MariaDB (10.6 or later) or H2 (2.4 or later), in parts of 1 MiB, of which one is in memory for
 * each payload that is written or read. A payload is written in one transaction; it is read part by part, with no connection in between.
 * Thread-safe.
 *
 * <p>For payloads of some megabytes, where there is a database and no object store: a database keeps them in its log, its backups and its
 * replicas, too.
 */
public final class JdbcPayloadStore implements PayloadStore {
    private final String name;
    private final DataSource dataSource;
    private final Sessions sessions;
    private final PayloadSql sql;

    private JdbcPayloadStore(Builder builder) {
        name = builder.name;
        dataSource = builder.dataSource;
        int timeoutSeconds = (int) builder.statementTimeout.toSeconds();
        try (Connection connection = dataSource.getConnection()) {
            Database database = Database.of(connection, "payload store");
            sql = new PayloadSql(database, builder.table, timeoutSeconds);
            new Schema(connection, database, "payload store", "payloads-", sql.shapes()).prepare(builder.schema);
        } catch (SQLException e) {
            throw new PayloadStoreException(
                    "payload store '" + name + "' in table " + builder.table + " cannot be asked: " + e.getMessage(),
                    e);
        }
        sessions = new Sessions(dataSource, this::toString, PayloadStoreException::new);
    }

    /** Starts a store on the connections that the data source hands out. They remain the caller's to close. */
    public static Builder on(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        PayloadStore.checkedKey(key);
        try (Connection connection = dataSource.getConnection()) {
            boolean commits = connection.getAutoCommit();
            connection.setAutoCommit(false);
            boolean written = false;
            try {
                written = write(connection, key, content);
                return written;
            } finally {
                if (!written) {
                    connection.rollback();
                }
                connection.setAutoCommit(commits);
            }
        } catch (SQLException e) {
            throw new PayloadStoreException(this + " does not take '" + key + "': " + e.getMessage(), e);
        }
    }

    private boolean write(Connection connection, String key, Content content) throws SQLException, IOException {
        long upload = ThreadLocalRandom.current().nextLong();
        try (PreparedStatement insertPart = sql.prepare(connection, sql.insertPart)) {
            PartsWriter out = new PartsWriter(insertPart, upload, this + " does not take '" + key + "'");
            content.writeTo(out);
            out.finish();
            try (PreparedStatement insert = sql.prepare(connection, sql.insert)) {
                insert.setBytes(1, key.getBytes(US_ASCII));
                insert.setLong(2, upload);
                insert.setLong(3, out.bytes());
                insert.setLong(4, out.parts());
                insert.executeUpdate();
            }
            connection.commit();
            return true;
        } catch (SQLException e) {
            if (isDuplicate(e)) {
                return false;
            }
            throw e;
        }
    }

    private static boolean isDuplicate(SQLException e) {
        String state = e.getSQLState();
        return state != null && state.startsWith("23");
    }

    @Override
    public InputStream read(String key) throws PayloadMissingException {
        byte[] id = PayloadStore.checkedKey(key).getBytes(US_ASCII);
        PartsReader.@Nullable Place place = sessions.run(connection -> {
            try (PreparedStatement find = sql.prepare(connection, sql.find)) {
                find.setBytes(1, id);
                try (ResultSet row = find.executeQuery()) {
                    return row.next() ? new PartsReader.Place(row.getLong(1), row.getLong(2)) : null;
                }
            }
        });
        if (place == null) {
            throw new PayloadMissingException("'" + key + "' in payload store '" + name + "'");
        }
        return new PartsReader(place, number -> part(key, place.upload(), number));
    }

    private byte[] part(String key, long upload, long number) {
        byte @Nullable [] content = sessions.run(connection -> {
            try (PreparedStatement part = sql.prepare(connection, sql.part)) {
                part.setLong(1, upload);
                part.setLong(2, number);
                try (ResultSet row = part.executeQuery()) {
                    return row.next() ? row.getBytes(1) : null;
                }
            }
        });
        if (content == null) {
            throw new PayloadStoreException(
                    this + " has no part " + number + " of '" + key + "': it was deleted while it was read", null);
        }
        return content;
    }

    @Override
    public boolean exists(String key) {
        byte[] id = PayloadStore.checkedKey(key).getBytes(US_ASCII);
        return sessions.run(connection -> {
            try (PreparedStatement find = sql.prepare(connection, sql.find)) {
                find.setBytes(1, id);
                try (ResultSet row = find.executeQuery()) {
                    return row.next();
                }
            }
        });
    }

    @Override
    public void delete(List<String> keys) {
        // In one order, so that two who delete the same do not wait for each other.
        List<String> sorted =
                keys.stream().map(PayloadStore::checkedKey).sorted().toList();
        if (sorted.isEmpty()) {
            return;
        }
        sessions.runInTransaction(connection -> {
            deleteParts(connection, sorted);
            try (PreparedStatement delete = sql.prepare(connection, sql.delete)) {
                for (String key : sorted) {
                    delete.setBytes(1, key.getBytes(US_ASCII));
                    delete.addBatch();
                }
                delete.executeBatch();
            }
            return sorted;
        });
    }

    private void deleteParts(Connection connection, List<String> keys) throws SQLException {
        try (PreparedStatement find = sql.prepare(connection, sql.find);
                PreparedStatement delete = sql.prepare(connection, sql.deleteParts)) {
            for (String key : keys) {
                find.setBytes(1, key.getBytes(US_ASCII));
                try (ResultSet row = find.executeQuery()) {
                    // A note has none.
                    if (row.next() && row.getLong(2) > 0) {
                        delete.setLong(1, row.getLong(1));
                        delete.addBatch();
                    }
                }
            }
            delete.executeBatch();
        }
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        return sessions.run(connection -> {
            try (PreparedStatement list = sql.prepare(connection, sql.list)) {
                list.setBytes(1, after.getBytes(US_ASCII));
                list.setInt(2, limit);
                List<StoredPayload> found = new ArrayList<>();
                try (ResultSet rows = list.executeQuery()) {
                    while (rows.next()) {
                        found.add(new StoredPayload(
                                new String(rows.getBytes(1), US_ASCII), rows.getLong(2), rows.getLong(3)));
                    }
                }
                return found;
            }
        });
    }

    @Override
    public String toString() {
        return "payload store '" + name + "' in " + sql;
    }

    /** Opens a {@link JdbcPayloadStore}; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private final DataSource dataSource;
        private String name = "jdbc";
        private TableName table = TableName.of("waybill_payload");
        private TopologyMode schema = TopologyMode.VERIFY;
        private Duration statementTimeout = Duration.ofSeconds(10);

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /** What references call it, on all processes; by default {@code jdbc}. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * The table, by default {@code waybill_payload}, and the beginning of the name of the other: 1 to 48 letters, digits and
         * underscores, the first no digit; and the same before a dot for a schema other than the connection's (on MariaDB, a database).
         * It is used without quotes.
         */
        public Builder table(String name) {
            table = TableName.of(name);
            return this;
        }

        /**
         * What to do about the tables: create them if one is missing, check them (the default), or neither. The definitions are the
         * resources {@code payloads-postgresql.sql}, {@code -mariadb.sql} and {@code -h2.sql} beside this class, for those who create
         * tables by other means.
         */
        public Builder schema(TopologyMode mode) {
            schema = Objects.requireNonNull(mode, "schema");
            return this;
        }

        /**
         * How long a statement of the store may take, in whole seconds; by default 10 s; 1 s to 10 min. A network that is gone is noticed
         * by the socket time-out of the driver, which is to be set there.
         */
        public Builder statementTimeout(Duration timeout) {
            statementTimeout = Setting.statementTimeout("payload store", timeout);
            return this;
        }

        /**
         * Opens the store. Blocks.
         *
         * @throws PayloadStoreException if the database cannot be reached, or does not let the tables be created
         * @throws dev.waybill.TopologyException if a table is missing or differs, with everything that does
         * @throws IllegalArgumentException if it is a database that the store does not know
         */
        public JdbcPayloadStore open() {
            return new JdbcPayloadStore(this);
        }
    }
}
