package dev.waybill.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** H2 2.4 or later, in any of its modes: so without the statements that only some of them know. */
final class H2 extends Dialect {
    private static final String NOW = Database.H2.now();

    private static final int DUPLICATE_KEY = 23505;

    private final String insert;
    private final String claim;
    private final String mark;

    H2(TableName table) {
        super(table, Database.H2);
        insert = insert(table.toString(), NOW);
        String update = "UPDATE " + table + " SET token = ?, owner = ?, done = ?, taken_until = " + NOW
                + " + ?, expires_at = " + NOW + " + ? WHERE queue = ? AND message_id = ? AND (taken_until <= " + NOW;
        claim = update + ")";
        mark = update + " OR done = 0)";
    }

    @Override
    @Nullable
    Held tryToTake(Connection connection, Entry entry, int timeoutSeconds) throws SQLException {
        if (inserted(connection, entry, timeoutSeconds)) {
            return null;
        }
        try (PreparedStatement statement = prepare(connection, entry.done() ? mark : claim, timeoutSeconds)) {
            statement.setLong(1, entry.token());
            statement.setString(2, entry.owner());
            statement.setInt(3, entry.done() ? 1 : 0);
            statement.setLong(4, entry.takenMillis());
            statement.setLong(5, entry.lifeMillis());
            bind(statement, 6, entry.key());
            if (statement.executeUpdate() == 1) {
                return null;
            }
        }
        return look(connection, entry.key(), timeoutSeconds);
    }

    private boolean inserted(Connection connection, Entry entry, int timeoutSeconds) throws SQLException {
        try (PreparedStatement statement = prepare(connection, insert, timeoutSeconds)) {
            bind(statement, entry);
            statement.executeUpdate();
            return true;
        } catch (SQLException e) {
            // H2 undoes the statement alone; the transaction goes on.
            if (e.getErrorCode() == DUPLICATE_KEY) {
                return false;
            }
            throw e;
        }
    }
}
