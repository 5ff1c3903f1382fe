package dev.waybill.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * MariaDB 10.6 or later. The number of rows that an insert reports there depends on a setting of the driver, so the row is
 * returned, and its token tells whose it is. That also reads the row as it is, not as it was at the start of the transaction.
 */
final class MariaDb extends Dialect {
    private static final String NOW = Database.MARIADB.now();

    private static final String RETURNING = " RETURNING token, done, taken_until - " + NOW;

    private final String claim;
    private final String mark;

    MariaDb(TableName table) {
        super(table, Database.MARIADB);
        String ended = "taken_until <= " + NOW;
        String open = "(done = 0 OR " + ended + ")";
        claim = insert(table.toString(), NOW) + " ON DUPLICATE KEY UPDATE " + plain(ended) + set("done", ended) + ", "
                + set("taken_until", ended) + RETURNING;
        mark = insert(table.toString(), NOW) + " ON DUPLICATE KEY UPDATE " + plain(open) + set("taken_until", open)
                + ", done = 1" + RETURNING;
    }

    /**
     * The database assigns from left to right, and what it has assigned counts in what follows, unless its SQL mode is
     * SIMULTANEOUS_ASSIGNMENT. To mean the same in both, a column that the condition reads is assigned after all that have the
     * condition.
     */
    private static String plain(String condition) {
        return set("token", condition) + ", " + set("owner", condition) + ", " + set("expires_at", condition) + ", ";
    }

    private static String set(String column, String condition) {
        return column + " = IF(" + condition + ", VALUES(" + column + "), " + column + ")";
    }

    @Override
    @Nullable
    Held tryToTake(Connection connection, Entry entry, int timeoutSeconds) throws SQLException {
        try (PreparedStatement statement = prepare(connection, entry.done() ? mark : claim, timeoutSeconds)) {
            bind(statement, entry);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("MariaDB returned no row for the one that it was given");
                }
                return row.getLong(1) == entry.token() ? null : new Held(row.getInt(2) == 1, row.getLong(3));
            }
        }
    }
}
