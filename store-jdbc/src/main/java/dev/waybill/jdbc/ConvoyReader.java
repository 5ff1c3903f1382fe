package dev.waybill.jdbc;

import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStore.Loaded;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StoredConvoy;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Reads in a transaction of the database. Not thread-safe. */
final class ConvoyReader {
    private final ConvoySql sql;
    private final Connection connection;
    private long now;

    ConvoyReader(ConvoySql sql, Connection connection) {
        this.sql = sql;
        this.connection = connection;
    }

    /** By the database's clock, when a convoy was last read. */
    long now() {
        return now;
    }

    private <T> T ask(String statement, ConvoySql.Work<T> work) {
        return sql.ask(connection, statement, work);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static int bind(PreparedStatement statement, int first, String machine, String key) throws SQLException {
        statement.setString(first, machine);
        statement.setBytes(first + 1, bytes(key));
        return first + 2;
    }

    Loaded load(String machine, String key, String messageId) {
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
                return new Loaded(found ? convoy(row) : null, row.getInt(18) == 1);
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
                row.getInt(17) == 1,
                row.getInt(12),
                row.getLong(16),
                row.getInt(13),
                failedMessage == null ? null : text(failedMessage),
                row.getString(15));
    }

    List<HeldMessage> held(String machine, String key) {
        return ask(sql.held, statement -> {
            bind(statement, 1, machine, key);
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

    List<HeldMessage> heldIds(String machine, String key) {
        return ask(sql.heldIds, statement -> {
            bind(statement, 1, machine, key);
            List<HeldMessage> held = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    held.add(new HeldMessage(row.getLong(1), text(row.getBytes(2)), "", Map.of(), new byte[0]));
                }
            }
            return held;
        });
    }

    List<StoredConvoy> due(String machine, int limit) {
        return ask(sql.due, statement -> {
            statement.setString(1, machine);
            statement.setInt(2, limit);
            return convoys(statement);
        });
    }

    long untilDue(String machine) {
        return ask(sql.untilDue, statement -> {
            statement.setString(1, machine);
            try (ResultSet row = statement.executeQuery()) {
                long millis = row.next() ? row.getLong(1) : 0;
                return row.wasNull() ? Long.MAX_VALUE : millis;
            }
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

    /** What is locked of a message that is to be sent; all of it is read if there is room. */
    private record Locked(long id, String key, long bytes) {}

    List<Outgoing> outgoing(String machine, int limit) {
        List<Locked> locked = ask(sql.outgoing, statement -> {
            statement.setString(1, machine);
            statement.setInt(2, limit);
            List<Locked> messages = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    messages.add(new Locked(row.getLong(1), text(row.getBytes(2)), row.getLong(3)));
                }
            }
            return messages;
        });
        List<Long> ids = locked.isEmpty() ? List.of() : withRoom(withAllBefore(machine, locked));
        return ids.isEmpty() ? List.of() : letters(ids);
    }

    private static List<Long> withRoom(List<Locked> messages) {
        List<Long> ids = new ArrayList<>();
        long bytes = 0;
        for (Locked message : messages) {
            bytes += message.bytes;
            if (bytes > ConvoyStore.MOST_OUTGOING_BYTES && !ids.isEmpty()) {
                break;
            }
            ids.add(message.id);
        }
        return ids;
    }

    private List<Outgoing> letters(List<Long> ids) {
        return ask(sql.letters(ids.size()), statement -> {
            int next = 1;
            for (long id : ids) {
                statement.setLong(next++, id);
            }
            List<Outgoing> messages = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    messages.add(new Outgoing(
                            row.getLong(1),
                            text(row.getBytes(2)),
                            row.getString(3),
                            Fields.decode(row.getString(4)),
                            row.getBytes(5),
                            row.getLong(6)));
                }
            }
            return messages;
        });
    }

    /** Without those before which another of their convoy is to be sent that is not among them: it is with others, or waits. */
    private List<Locked> withAllBefore(String machine, List<Locked> locked) {
        Set<Long> ids = new LinkedHashSet<>();
        Set<String> convoys = new LinkedHashSet<>();
        for (Locked message : locked) {
            ids.add(message.id);
            convoys.add(message.key);
        }
        Map<String, Long> firstMissing = ask(sql.outgoingBefore(convoys.size()), statement -> {
            statement.setString(1, machine);
            statement.setLong(2, locked.get(locked.size() - 1).id);
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
                .filter(message -> message.id < firstMissing.getOrDefault(message.key, Long.MAX_VALUE))
                .toList();
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

    /** The version of the newest entry of a convoy's history without so many; nothing if there are no more. */
    OptionalLong newestBut(int entries, StoredConvoy convoy) {
        return ask(sql.oldHistory, statement -> {
            statement.setInt(bind(statement, 1, convoy.machine(), convoy.key()), entries);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
            }
        });
    }

    Optional<ConvoyDetails> show(String machine, String key) {
        StoredConvoy convoy = load(machine, key, "").convoy();
        if (convoy == null) {
            return Optional.empty();
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
        return Optional.of(new ConvoyDetails(convoy, history, held(machine, key), outgoing));
    }

    ConvoyCensus census(String machine) {
        Map<ConvoyCensus.Group, Long> groups = new HashMap<>();
        long held = ask(sql.countGroups, statement -> {
            statement.setString(1, machine);
            long sum = 0;
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    groups.put(
                            new ConvoyCensus.Group(row.getString(1), ConvoyStatus.valueOf(row.getString(2))),
                            row.getLong(3));
                    sum += row.getLong(4);
                }
            }
            return sum;
        });
        return ask(sql.countWaiting, statement -> {
            for (int i = 1; i <= 4; i++) {
                statement.setString(i, machine);
            }
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("the database returned no row where there is always one");
                }
                long due = row.getLong(2);
                long outgoing = row.getLong(4);
                return new ConvoyCensus(
                        groups,
                        held,
                        due,
                        due == 0 ? 0 : row.getLong(1) - row.getLong(3),
                        outgoing,
                        outgoing == 0 ? 0 : row.getLong(1) - row.getLong(5));
            }
        });
    }
}
