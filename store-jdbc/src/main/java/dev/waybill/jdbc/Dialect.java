package dev.waybill.jdbc;

import dev.waybill.jdbc.TableShape.Column;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The statements on the table, in one database's SQL. Each is one that the database carries out as a whole, also where the
 * connection commits by itself. Immutable and thread-safe.
 */
abstract class Dialect {
    private static final String THE_MESSAGE = " WHERE queue = ? AND message_id = ?";
    private static final int TRIES = 3;
    private static final int OWNER_CHARACTERS = 128;

    private final TableName table;
    private final Database database;
    private final String renew;
    private final String confirm;
    private final String abandon;
    private final String look;
    private final String ours;
    private final String expired;
    private final String delete;

    Dialect(TableName table, Database database) {
        this.table = table;
        this.database = database;
        String now = database.now();
        renew = "UPDATE " + table + " SET taken_until = " + now + " + ?, expires_at = " + now + " + ?" + THE_MESSAGE
                + " AND token = ? AND done = 0";
        confirm = "UPDATE " + table + " SET done = 1, taken_until = " + now + " + ?, expires_at = " + now + " + ?"
                + THE_MESSAGE + " AND token = ?";
        abandon = "DELETE FROM " + table + THE_MESSAGE + " AND token = ? AND done = 0";
        look = "SELECT done, taken_until - " + now + " FROM " + table + THE_MESSAGE;
        ours = "SELECT done FROM " + table + THE_MESSAGE + " AND token = ?";
        expired = "SELECT queue, message_id FROM " + table + " WHERE expires_at <= " + now
                + " ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED";
        delete = "DELETE FROM " + table + THE_MESSAGE;
    }

    /**
     * The dialect of the database at the other end.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Dialect of(Connection connection, TableName table) throws SQLException {
        return switch (Database.of(connection, "idempotency store")) {
            case POSTGRESQL -> new PostgreSql(table);
            case MARIADB -> new MariaDb(table);
            case H2 -> new H2(table);
        };
    }

    final TableName table() {
        return table;
    }

    final Database database() {
        return database;
    }

    /** What the table must be like. */
    final TableShape shape() {
        Database.Types types = database.types();
        Map<String, Column> columns = TableShape.columns(
                "queue", Column.of(types.bytes(), TableShape.NAME_BYTES),
                "message_id", Column.of(types.bytes(), TableShape.NAME_BYTES),
                "token", Column.of(types.bigint()),
                "owner", Column.of("VARCHAR", OWNER_CHARACTERS).orNull(),
                "done", Column.of(types.smallint()),
                "taken_until", Column.of(types.bigint()),
                "expires_at", Column.of(types.bigint()));
        return new TableShape(table, columns, "queue, message_id", Map.of(table.index(), "expires_at"));
    }

    /**
     * Writes the entry if nothing bars it. Waits for a transaction that is writing the same message.
     *
     * @param timeoutSeconds 0 for no limit of ours
     * @return what bars it, or null if it is written
     */
    final @Nullable Held take(Connection connection, Entry entry, int timeoutSeconds) throws SQLException {
        for (int i = 0; i < TRIES; i++) {
            @Nullable Held held = tryToTake(connection, entry, timeoutSeconds);
            if (held == null || held.bars(entry)) {
                return held;
            }
        }
        throw new SQLTransactionRollbackException(
                "the row of the message changes all the time, or is newer than what the transaction sees", "40001");
    }

    /** As {@link #take}, but what is in the way may be gone by the time it is looked at; then it does not bar the entry. */
    abstract @Nullable Held tryToTake(Connection connection, Entry entry, int timeoutSeconds) throws SQLException;

    final boolean renew(
            Connection connection, Key key, long token, long takenMillis, long lifeMillis, int timeoutSeconds)
            throws SQLException {
        return updated(connection, renew, key, token, takenMillis, lifeMillis, timeoutSeconds)
                || isOurs(connection, key, token, false, timeoutSeconds);
    }

    final boolean confirm(Connection connection, Key key, long token, long lifeMillis, int timeoutSeconds)
            throws SQLException {
        return updated(connection, confirm, key, token, lifeMillis, lifeMillis, timeoutSeconds)
                || isOurs(connection, key, token, true, timeoutSeconds);
    }

    private static boolean updated(
            Connection connection,
            String sql,
            Key key,
            long token,
            long takenMillis,
            long lifeMillis,
            int timeoutSeconds)
            throws SQLException {
        try (PreparedStatement statement = prepare(connection, sql, timeoutSeconds)) {
            statement.setLong(1, takenMillis);
            statement.setLong(2, lifeMillis);
            bind(statement, 3, key);
            statement.setLong(5, token);
            return statement.executeUpdate() == 1;
        }
    }

    /** Whether the row is as we wrote it. A second update within a millisecond changes nothing, and some drivers count changes. */
    private boolean isOurs(Connection connection, Key key, long token, boolean done, int timeoutSeconds)
            throws SQLException {
        try (PreparedStatement statement = prepare(connection, ours, timeoutSeconds)) {
            bind(statement, 1, key);
            statement.setLong(3, token);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && (row.getInt(1) == 1) == done;
            }
        }
    }

    final void abandon(Connection connection, Key key, long token, int timeoutSeconds) throws SQLException {
        try (PreparedStatement statement = prepare(connection, abandon, timeoutSeconds)) {
            bind(statement, 1, key);
            statement.setLong(3, token);
            statement.executeUpdate();
        }
    }

    /**
     * Deletes rows that have expired, the oldest first, but none that somebody else is writing. The connection must not commit by
     * itself: the rows are locked first.
     */
    final int deleteExpired(Connection connection, int batchSize, int timeoutSeconds) throws SQLException {
        List<Key> keys = new ArrayList<>();
        try (PreparedStatement statement = prepare(connection, expired, timeoutSeconds)) {
            statement.setInt(1, batchSize);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    keys.add(new Key(rows.getBytes(1), rows.getBytes(2)));
                }
            }
        }
        if (keys.isEmpty()) {
            return 0;
        }
        try (PreparedStatement statement = prepare(connection, delete, timeoutSeconds)) {
            for (Key key : keys) {
                bind(statement, 1, key);
                statement.addBatch();
            }
            statement.executeBatch();
        }
        return keys.size();
    }

    /** What stands in the table; what bars nothing if nothing does. */
    final Held look(Connection connection, Key key, int timeoutSeconds) throws SQLException {
        try (PreparedStatement statement = prepare(connection, look, timeoutSeconds)) {
            bind(statement, 1, key);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? new Held(row.getInt(1) == 1, row.getLong(2)) : new Held(false, 0);
            }
        }
    }

    static PreparedStatement prepare(Connection connection, String sql, int timeoutSeconds) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        if (timeoutSeconds > 0) {
            statement.setQueryTimeout(timeoutSeconds);
        }
        return statement;
    }

    static void bind(PreparedStatement statement, int first, Key key) throws SQLException {
        statement.setBytes(first, key.queue());
        statement.setBytes(first + 1, key.messageId());
    }

    /** What {@link #insert} asks for. */
    static void bind(PreparedStatement statement, Entry entry) throws SQLException {
        bind(statement, 1, entry.key());
        statement.setLong(3, entry.token());
        statement.setString(4, entry.owner());
        statement.setInt(5, entry.done() ? 1 : 0);
        statement.setLong(6, entry.takenMillis());
        statement.setLong(7, entry.lifeMillis());
    }

    static String insert(String table, String now) {
        return "INSERT INTO " + table
                + " (queue, message_id, token, owner, done, taken_until, expires_at) VALUES (?, ?, ?, ?, ?, " + now
                + " + ?, " + now + " + ?)";
    }
}
