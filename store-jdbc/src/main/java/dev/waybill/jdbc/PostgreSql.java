package dev.waybill.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** PostgreSQL 9.5 or later. A conflict is no error there, so that it does not end the caller's transaction. */
final class PostgreSql extends Dialect {
    private static final String NOW = Database.POSTGRESQL.now();

    private final String claim;
    private final String mark;

    PostgreSql(TableName table) {
        super(table, Database.POSTGRESQL);
        String insert = insert(table + " AS held", NOW)
                + " ON CONFLICT (queue, message_id) DO UPDATE SET token = EXCLUDED.token, owner = EXCLUDED.owner,"
                + " done = EXCLUDED.done, taken_until = EXCLUDED.taken_until, expires_at = EXCLUDED.expires_at"
                + " WHERE held.taken_until <= " + NOW;
        claim = insert;
        mark = insert + " OR held.done = 0";
    }

    @Override
    @Nullable
    Held tryToTake(Connection connection, Entry entry, int timeoutSeconds) throws SQLException {
        try (PreparedStatement statement = prepare(connection, entry.done() ? mark : claim, timeoutSeconds)) {
            bind(statement, entry);
            if (statement.executeUpdate() == 1) {
                return null;
            }
        }
        return look(connection, entry.key(), timeoutSeconds);
    }
}
