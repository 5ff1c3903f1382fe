package dev.waybill.jdbc;

import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Loaded;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StaleConvoyException;
import dev.waybill.convoy.StoredConvoy;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

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
    private long now;
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
            throw failed(e);
        }
    }

    private RuntimeException failed(SQLException e) {
        if (Sessions.rolledBackBecauseOfOthers(e)) {
            return new StaleConvoyException("a transaction of the " + sql + " was rolled back because of others", e);
        }
        if (refused(e)) {
            return new IllegalStateException(
                    "the " + sql + " does not take what a step has written: " + e.getMessage(), e);
        }
        return new ConvoyStoreException("the " + sql + " cannot be asked: " + e.getMessage(), e);
    }

    /**
     * Whether it is what was written that is wrong, and will be each time: data, a constraint, a limit, or on PostgreSQL that an action
     * has gone on after a failure in its transaction.
     */
    private static boolean refused(SQLException e) {
        String state = e.getSQLState();
        return state != null
                && (state.startsWith("22")
                        || state.startsWith("23")
                        || state.startsWith("54")
                        || state.equals("25P02"));
    }

    /** What is asked of the database. */
    private interface Work<T> {
        T with(PreparedStatement statement) throws SQLException;
    }

    private <T> T ask(String statement, Work<T> work) {
        try (PreparedStatement prepared = sql.prepare(connection, statement)) {
            return work.with(prepared);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static int bind(PreparedStatement statement, int first, String machine, String key) throws SQLException {
        statement.setString(first, machine);
        statement.setBytes(first + 1, bytes(key));
        return first + 2;
    }

    @Override
    public Loaded load(String machine, String key, String messageId) {
        boolean asks = !messageId.isEmpty();
        return ask(asks ? sql.loadAndKnow : sql.load, statement -> {
            int next = 1;
            if (asks) {
                for (int i = 0; i < 2; i++) {
                    next = bind(statement, next, machine, key);
                    statement.setBytes(next++, bytes(messageId));
                }
            }
            bind(statement, next, machine, key);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("the database returned no row where there is always one");
                }
                now = row.getLong(1);
                boolean found = row.getString(2) != null;
                return new Loaded(found ? convoy(row) : null, row.getInt(16) == 1);
            }
        });
    }

    /** From the second column on. */
    private static StoredConvoy convoy(ResultSet row) throws SQLException {
        byte[] failedMessage = row.getBytes(14);
        return new StoredConvoy(
                row.getString(2),
                text(row.getBytes(3)),
                row.getString(4),
                ConvoyStatus.valueOf(row.getString(5)),
                row.getLong(6),
                row.getInt(7),
                row.getBytes(8),
                row.getLong(9),
                row.getLong(10),
                row.getLong(11),
                row.getInt(12),
                row.getInt(13),
                failedMessage == null ? null : text(failedMessage),
                row.getString(15));
    }

    private static int bind(PreparedStatement statement, StoredConvoy convoy) throws SQLException {
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
        String failure = convoy.failure();
        // PostgreSQL takes every character but this.
        statement.setString(12, failure == null ? null : failure.replace('\0', '?'));
        return bind(statement, 13, convoy.machine(), convoy.key());
    }

    @Override
    public List<HeldMessage> held(StoredConvoy convoy) {
        return ask(sql.held, statement -> {
            bind(statement, 1, convoy.machine(), convoy.key());
            List<HeldMessage> held = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    held.add(new HeldMessage(
                            row.getLong(1),
                            text(row.getBytes(2)),
                            row.getString(3),
                            Fields.decode(row.getString(4)),
                            row.getBytes(5)));
                }
            }
            return held;
        });
    }

    @Override
    public List<StoredConvoy> due(String machine, int limit) {
        return ask(sql.due, statement -> {
            statement.setString(1, machine);
            statement.setInt(2, limit);
            return convoys(statement);
        });
    }

    private List<StoredConvoy> convoys(PreparedStatement statement) throws SQLException {
        List<StoredConvoy> convoys = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                now = row.getLong(1);
                convoys.add(convoy(row));
            }
        }
        return convoys;
    }

    @Override
    public long now() {
        return now;
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
    public List<Outgoing> outgoing(String machine, int limit) {
        List<Outgoing> locked = ask(sql.outgoing, statement -> {
            statement.setString(1, machine);
            statement.setInt(2, limit);
            List<Outgoing> messages = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    messages.add(new Outgoing(
                            row.getLong(1),
                            text(row.getBytes(2)),
                            row.getString(3),
                            Fields.decode(row.getString(4)),
                            row.getBytes(5)));
                }
            }
            return messages;
        });
        return locked.isEmpty() ? locked : withAllBefore(machine, locked);
    }

    /** Without those before which another of their convoy is to be sent that is not among them: it is with others, or waits. */
    private List<Outgoing> withAllBefore(String machine, List<Outgoing> locked) {
        Set<Long> ids = new LinkedHashSet<>();
        Set<String> convoys = new LinkedHashSet<>();
        for (Outgoing message : locked) {
            ids.add(message.id());
            convoys.add(message.key());
        }
        Map<String, Long> firstMissing = ask(sql.outgoingBefore(convoys.size()), statement -> {
            statement.setString(1, machine);
            statement.setLong(2, locked.get(locked.size() - 1).id());
            int next = 3;
            for (String key : convoys) {
                statement.setBytes(next++, bytes(key));
            }
            Map<String, Long> missing = new HashMap<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    if (!ids.contains(row.getLong(1))) {
                        missing.putIfAbsent(text(row.getBytes(2)), row.getLong(1));
                    }
                }
            }
            return missing;
        });
        return locked.stream()
                .filter(message -> message.id() < firstMissing.getOrDefault(message.key(), Long.MAX_VALUE))
                .toList();
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
            throw failed(e);
        }
        close();
    }

    private void saveConvoys() {
        List<Change> begun = changes.stream()
                .filter(change -> change.before().version() == 0)
                .toList();
        try {
            each(sql.insert, begun, (statement, change) -> {
                bind(statement, change.after());
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
            int next = bind(statement, change.after());
            statement.setLong(next, change.before().version());
            statement.addBatch();
        });
        for (int i = 0; i < counts.length; i++) {
            demandOne(counts[i], moved.get(i).after());
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
        return ask(statement, prepared -> {
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

    List<StoredConvoy> list(String machine, ConvoyFilter filter, String after, int limit) {
        StringBuilder statement = new StringBuilder(sql.list);
        filter.state().ifPresent(state -> statement.append(" AND state = ?"));
        filter.status().ifPresent(status -> statement.append(" AND status = ?"));
        statement.append(" AND since <= ").append(sql.now()).append(" - ? ORDER BY convoy LIMIT ?");
        return ask(statement.toString(), prepared -> {
            int next = bind(prepared, 1, machine, after);
            if (filter.state().isPresent()) {
                prepared.setString(next++, filter.state().get());
            }
            if (filter.status().isPresent()) {
                prepared.setString(next++, filter.status().get().name());
            }
            prepared.setLong(next++, filter.age().toMillis());
            prepared.setInt(next, limit);
            return convoys(prepared);
        });
    }

    @Nullable
    ConvoyDetails show(String machine, String key) {
        StoredConvoy convoy = load(machine, key, "").convoy();
        if (convoy == null) {
            return null;
        }
        List<HistoryEntry> history = ask(sql.showHistory, statement -> {
            bind(statement, 1, machine, key);
            List<HistoryEntry> entries = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    entries.add(new HistoryEntry(
                            row.getLong(1),
                            row.getLong(2),
                            text(row.getBytes(3)),
                            row.getString(4),
                            row.getString(5),
                            row.getString(6)));
                }
            }
            return entries;
        });
        long outgoing = ask(sql.countOutgoing, statement -> {
            bind(statement, 1, machine, key);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getLong(1) : 0L;
            }
        });
        return new ConvoyDetails(convoy, history, held(convoy), outgoing);
    }
}
