package dev.waybill.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Borrows a connection for each piece of work and gives it back as it was. What the database rolled back because of others, such
 * as a deadlock, is tried again at once, a few times; all else is the caller's to try again. Thread-safe.
 */
final class Sessions {
    private static final int TRIES = 5;

    /** H2's word for a row that another transaction changed meanwhile. */
    private static final String CHANGED_MEANWHILE = "90131";

    private final DataSource dataSource;
    private final Supplier<String> name;
    private final BiFunction<String, Throwable, RuntimeException> failure;

    /**
     * @param name what the work is done on, for the messages of exceptions
     * @param failure makes an exception of a message and a cause
     */
    Sessions(DataSource dataSource, Supplier<String> name, BiFunction<String, Throwable, RuntimeException> failure) {
        this.dataSource = dataSource;
        this.name = name;
        this.failure = failure;
    }

    /** Work on a connection, which it neither commits nor closes. */
    interface Work<T extends @Nullable Object> {
        T on(Connection connection) throws SQLException;
    }

    /**
     * Does statements that each stand for themselves. If that fails, whether something is written is not known.
     */
    <T extends @Nullable Object> T run(Work<T> work) {
        return repeatedly(
                connection -> connection.getAutoCommit() ? work.on(connection) : committing(connection, work));
    }

    /**
     * Does all of it in one transaction. If that fails, whether it is committed is not known.
     */
    <T extends @Nullable Object> T runInTransaction(Work<T> work) {
        return repeatedly(connection -> {
            if (!connection.getAutoCommit()) {
                return committing(connection, work);
            }
            connection.setAutoCommit(false);
            try {
                return committing(connection, work);
            } finally {
                connection.setAutoCommit(true);
            }
        });
    }

    private <T extends @Nullable Object> T repeatedly(Work<T> work) {
        for (int i = 1; ; i++) {
            try (Connection connection = dataSource.getConnection()) {
                return work.on(connection);
            } catch (SQLException e) {
                if (i == TRIES || !rolledBackBecauseOfOthers(e)) {
                    throw failure.apply(name.get() + " cannot be asked: " + e.getMessage(), e);
                }
            }
        }
    }

    /** Such as a deadlock, or a row that was changed meanwhile. */
    static boolean rolledBackBecauseOfOthers(SQLException e) {
        String state = e.getSQLState();
        return state != null && (state.startsWith("40") || state.equals(CHANGED_MEANWHILE));
    }

    private static <T extends @Nullable Object> T committing(Connection connection, Work<T> work) throws SQLException {
        try {
            T result = work.on(connection);
            connection.commit();
            return result;
        } catch (SQLException | RuntimeException e) {
            try {
                connection.rollback();
            } catch (SQLException failed) {
                e.addSuppressed(failed);
            }
            throw e;
        }
    }
}
