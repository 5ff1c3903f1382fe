package dev.waybill.jdbc;

import static dev.waybill.jdbc.ConvoyReader.bind;
import static dev.waybill.jdbc.ConvoyReader.bytes;

import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Loaded;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StaleConvoyException;
import dev.waybill.convoy.StoredConvoy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import javax.sql.DataSource;

/** One transaction of the database. What is changed is written at the end, convoys first: so two that change one wait for each other. */
final class ConvoyTransaction implements Transaction {
    private static final int MARIADB_DUPLICATE = 1062;

    private final ConvoySql sql;
    private final Connection connection;
    private final boolean autoCommit;
    private final int isolation;
    private final List<Change> changes = new ArrayList<>();
    private final List<StoredConvoy> deletions = new ArrayList<>();
    private final List<Outgoing> sent = new ArrayList<>();
    private final Map<Outgoing, Long> postponed = new HashMap<>();
    private final ConvoyReader reader;
    private boolean open = true;

    ConvoyTransaction(DataSource dataSource, ConvoySql sql) {
        this.sql = sql;
        try {
            connection = dataSource.getConnection();
            try {
                autoCommit = connection.getAutoCommit();
                isolation = connection.getTransactionIsolation();
                if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
                    connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
                }
                if (autoCommit) {
                    connection.setAutoCommit(false);
                }
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw sql.failed(e);
        }
        reader = new ConvoyReader(sql, connection);
    }

    ConvoyReader reader() {
        return reader;
    }

    @Override
    public Loaded load(String machine, String key, String messageId) {
        return reader.load(machine, key, messageId);
    }

    @Override
    public List<HeldMessage> held(StoredConvoy convoy) {
        return reader.held(convoy.machine(), convoy.key());
    }

    @Override
    public List<HeldMessage> heldIds(StoredConvoy convoy) {
        return reader.heldIds(convoy.machine(), convoy.key());
    }

    @Override
    public List<StoredConvoy> due(String machine, int limit) {
        return reader.due(machine, limit);
    }

    @Override
    public long untilDue(String machine) {
        return reader.untilDue(machine);
    }

    @Override
    public List<Outgoing> outgoing(String machine, int limit) {
        return reader.outgoing(machine, limit);
    }

    @Override
    public long now() {
        return reader.now();
    }

    private static int bindAll(PreparedStatement statement, StoredConvoy convoy) throws SQLException {
        statement.setString(1, convoy.state());
        statement.setString(2, convoy.status().name());
        statement.setLong(3, convoy.version());
        statement.setInt(4, convoy.machineVersion());
        statement.setBytes(5, convoy.data());
        statement.setLong(6, convoy.createdAt());
        statement.setLong(7, convoy.since());
        if (convoy.dueAt() == 0) {
            statement.setNull(8, Types.BIGINT);
        } else {
            statement.setLong(8, convoy.dueAt());
        }
        statement.setInt(9, convoy.held());
        statement.setInt(10, convoy.failures());
        String failedMessage = convoy.failedMessage();
        statement.setBytes(11, failedMessage == null ? null : bytes(failedMessage));
        statement.setString(12, convoy.failure());
        statement.setLong(13, convoy.steps());
        statement.setInt(14, convoy.alerted() ? 1 : 0);
        return bind(statement, 15, convoy.machine(), convoy.key());
    }

    @Override
    public void save(Change change) {
        changes.add(change);
    }

    @Override
    public void delete(StoredConvoy convoy) {
        deletions.add(convoy);
    }

    @Override
    public void sent(Collection<Outgoing> messages) {
        sent.addAll(messages);
    }

    @Override
    public void postpone(Collection<Outgoing> messages, long millis) {
        messages.forEach(message -> postponed.put(message, millis));
    }

    @Override
    public void commit() {
        saveConvoys();
        deleteConvoys();
        each(sql.history, changes, (statement, change) -> {
            for (HistoryEntry entry : change.history()) {
                int next = bind(
                        statement, 1, change.after().machine(), change.after().key());
                statement.setBytes(next++, bytes(entry.messageId()));
                statement.setLong(next++, entry.version());
                statement.setLong(next++, entry.at());
                statement.setString(next++, entry.event());
                statement.setString(next++, entry.from());
                statement.setString(next, entry.to());
                statement.addBatch();
            }
        });
        deleteOldHistory();
        each(sql.release, changes, (statement, change) -> {
            for (HeldMessage message : change.release()) {
                int next = bind(
                        statement, 1, change.after().machine(), change.after().key());
                statement.setLong(next, message.order());
                statement.addBatch();
            }
        });
        each(sql.hold, changes, (statement, change) -> {
            for (HeldMessage message : change.hold()) {
                int next = bind(
                        statement, 1, change.after().machine(), change.after().key());
                statement.setLong(next++, message.order());
                statement.setBytes(next++, bytes(message.messageId()));
                statement.setString(next++, message.type());
                statement.setString(next++, Fields.encode(message.headers()));
                statement.setBytes(next, message.body());
                statement.addBatch();
            }
        });
        each(sql.send, changes, (statement, change) -> {
            for (Outgoing message : change.send()) {
                int next = bind(
                        statement, 1, change.after().machine(), change.after().key());
                statement.setString(next++, message.queue());
                statement.setString(next++, Fields.encode(message.message()));
                statement.setBytes(next, message.body());
                statement.addBatch();
            }
        });
        each(sql.sent, sent, (statement, message) -> {
            statement.setLong(1, message.id());
            statement.addBatch();
        });
        each(sql.postpone, postponed.entrySet(), (statement, message) -> {
            statement.setLong(1, message.getValue());
            statement.setLong(2, message.getKey().id());
            statement.addBatch();
        });
        try {
            connection.commit();
        } catch (SQLException e) {
            throw sql.failed(e);
        }
        close();
    }

    private void saveConvoys() {
        List<Change> begun = changes.stream()
                .filter(change -> change.before().version() == 0)
                .toList();
        try {
            each(sql.insert, begun, (statement, change) -> {
                bindAll(statement, change.after());
                statement.addBatch();
            });
        } catch (RuntimeException e) {
            throw e.getCause() instanceof SQLException refused && isThere(refused)
                    ? stale(begun.get(0).after())
                    : e;
        }
        List<Change> moved =
                changes.stream().filter(change -> change.before().version() > 0).toList();
        int[] counts = each(sql.update, moved, (statement, change) -> {
            int next = bindAll(statement, change.after());
            statement.setLong(next, change.before().version());
            statement.addBatch();
        });
        for (int i = 0; i < counts.length; i++) {
            demandOne(counts[i], moved.get(i).after());
        }
    }

    private void deleteOldHistory() {
        for (Change change : changes) {
            if (change.keep() > 0) {
                StoredConvoy convoy = change.after();
                OptionalLong newest = reader.newestBut(change.keep(), convoy);
                if (newest.isPresent()) {
                    each(sql.deleteOldHistory, List.of(newest.getAsLong()), (statement, version) -> {
                        statement.setLong(bind(statement, 1, convoy.machine(), convoy.key()), version);
                        statement.addBatch();
                    });
                }
            }
        }
    }

    private void deleteConvoys() {
        int[] counts = each(sql.delete, deletions, (statement, convoy) -> {
            int next = bind(statement, 1, convoy.machine(), convoy.key());
            statement.setLong(next, convoy.version());
            statement.addBatch();
        });
        for (int i = 0; i < counts.length; i++) {
            demandOne(counts[i], deletions.get(i));
        }
        for (String statement : List.of(sql.deleteHistory, sql.deleteHeld)) {
            each(statement, deletions, (prepared, convoy) -> {
                bind(prepared, 1, convoy.machine(), convoy.key());
                prepared.addBatch();
            });
        }
    }

    /** A driver that does not say how many rows a batch has changed is asked for each alone, by those who get this. */
    private static void demandOne(int count, StoredConvoy convoy) {
        if (count != 1) {
            throw stale(convoy);
        }
    }

    private static StaleConvoyException stale(StoredConvoy convoy) {
        return new StaleConvoyException(convoy.machine(), convoy.key());
    }

    private static boolean isThere(SQLException e) {
        for (SQLException next = e; next != null; next = next.getNextException()) {
            // MariaDB says of every constraint 23000.
            if ("23505".equals(next.getSQLState()) || next.getErrorCode() == MARIADB_DUPLICATE) {
                return true;
            }
        }
        return false;
    }

    /** Adds what is to be done for one of many. */
    private interface Batch<T> {
        void add(PreparedStatement statement, T one) throws SQLException;
    }

    /** Does all in one go; how many rows each has changed. */
    private <T> int[] each(String statement, Collection<T> all, Batch<T> batch) {
        if (all.isEmpty()) {
            return new int[0];
        }
        return sql.ask(connection, statement, prepared -> {
            for (T one : all) {
                batch.add(prepared, one);
            }
            return prepared.executeBatch();
        });
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return type == Connection.class ? Optional.of(type.cast(Borrowed.of(connection))) : Optional.empty();
    }

    @Override
    public void close() {
        if (!open) {
            return;
        }
        open = false;
        // A rollback after a commit does nothing.
        try (Connection closing = connection) {
            closing.rollback();
            if (autoCommit) {
                closing.setAutoCommit(true);
            }
            if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
                closing.setTransactionIsolation(isolation);
            }
        } catch (SQLException e) {
            throw new ConvoyStoreException("a transaction of the " + sql + " did not end well: " + e.getMessage(), e);
        }
    }
}
