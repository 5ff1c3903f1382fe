package dev.waybill.jdbc;

import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.convoy.StaleConvoyException;
import dev.waybill.jdbc.TableShape.Column;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tables of convoys and the statements on them, in one database's SQL. Immutable and thread-safe. */
final class ConvoySql {

    /** In the order in which {@link ConvoyTransaction} reads and writes them. */
    private static final String COLUMNS =
            "state, status, version, machine_version, data, created_at, since, due_at, held, failures, failed_message, failure, steps,"
                    + " alerted";

    private static final String THE_CONVOY = " WHERE machine = ? AND convoy = ?";

    private final Database database;
    private final TableName table;
    private final int timeoutSeconds;

    final String load;
    final String loadAndKnow;
    final String held;
    final String heldIds;
    final String due;
    final String untilDue;
    final String insert;
    final String update;
    final String delete;
    final String deleteHistory;
    final String deleteHeld;
    final String history;
    final String oldHistory;
    final String deleteOldHistory;
    final String hold;
    final String release;
    final String send;
    final String outgoing;
    final String sent;
    final String postpone;
    final String list;
    final String showHistory;
    final String countOutgoing;
    final String countGroups;
    final String countWaiting;

    ConvoySql(Database database, TableName table, int timeoutSeconds) {
        this.database = database;
        this.table = table;
        this.timeoutSeconds = timeoutSeconds;
        String now = database.now();
        String read = "SELECT " + now + ", machine, convoy, " + COLUMNS + " FROM " + table;
        String known = "CASE WHEN EXISTS (SELECT 1 FROM " + table + "_history" + THE_CONVOY
                + " AND message_id = ?) OR EXISTS (SELECT 1 FROM " + table + "_held" + THE_CONVOY
                + " AND message_id = ?) THEN 1 ELSE 0 END";
        // A row comes in any case, with the time.
        String one = " FROM (SELECT 1 AS one) o LEFT JOIN " + table + " c ON c.machine = ? AND c.convoy = ?";
        load = "SELECT " + now + ", machine, convoy, " + COLUMNS + ", 0" + one;
        loadAndKnow = "SELECT " + now + ", machine, convoy, " + COLUMNS + ", " + known + one;
        held = "SELECT place, message_id, type, headers, body FROM " + table + "_held" + THE_CONVOY + " ORDER BY place";
        heldIds = "SELECT place, message_id FROM " + table + "_held" + THE_CONVOY + " ORDER BY place";
        due = read + " WHERE machine = ? AND due_at <= " + now
                + " ORDER BY machine, due_at LIMIT ? FOR UPDATE SKIP LOCKED";
        untilDue = "SELECT MIN(due_at) - " + now + " FROM " + table + " WHERE machine = ? AND due_at > " + now;
        insert = "INSERT INTO " + table + " (" + COLUMNS
                + ", machine, convoy) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        update = "UPDATE " + table + " SET " + COLUMNS.replace(",", " = ?,") + " = ?" + THE_CONVOY + " AND version = ?";
        delete = "DELETE FROM " + table + THE_CONVOY + " AND version = ?";
        deleteHistory = "DELETE FROM " + table + "_history" + THE_CONVOY;
        deleteHeld = "DELETE FROM " + table + "_held" + THE_CONVOY;
        history = "INSERT INTO " + table
                + "_history (machine, convoy, message_id, version, happened_at, event, from_state,"
                + " to_state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        oldHistory =
                "SELECT version FROM " + table + "_history" + THE_CONVOY + " ORDER BY version DESC LIMIT 1 OFFSET ?";
        deleteOldHistory = deleteHistory + " AND version <= ?";
        hold = "INSERT INTO " + table + "_held (machine, convoy, place, message_id, type, headers, body)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?)";
        release = deleteHeld + " AND place = ?";
        send = "INSERT INTO " + table + "_outgoing (machine, convoy, queue, message, body, try_at, stored_at)"
                + " VALUES (?, ?, ?, ?, ?, 0, " + now + ")";
        // What is behind one that waits is left out here, lest it take all the room.
        outgoing = "SELECT id, convoy, OCTET_LENGTH(message) + OCTET_LENGTH(body) FROM " + table
                + "_outgoing o WHERE machine = ? AND try_at <= " + now + " AND NOT EXISTS (SELECT 1 FROM " + table
                + "_outgoing b WHERE b.machine = o.machine AND b.convoy = o.convoy AND b.id < o.id AND b.try_at > "
                + now + ") ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED";
        sent = "DELETE FROM " + table + "_outgoing WHERE id = ?";
        postpone = "UPDATE " + table + "_outgoing SET try_at = " + now + " + ? WHERE id = ?";
        list = read + " WHERE machine = ? AND convoy > ?";
        showHistory = "SELECT version, happened_at, message_id, event, from_state, to_state FROM " + table + "_history"
                + THE_CONVOY + " ORDER BY version";
        countGroups =
                "SELECT state, status, COUNT(*), SUM(held) FROM " + table + " WHERE machine = ? GROUP BY state, status";
        String waiting = " FROM " + table + " WHERE machine = ? AND due_at <= " + now + ")";
        String letters = " FROM " + table + "_outgoing WHERE machine = ?)";
        countWaiting = "SELECT " + now + ", (SELECT COUNT(*)" + waiting + ", (SELECT MIN(due_at)" + waiting
                + ", (SELECT COUNT(*)" + letters + ", (SELECT MIN(stored_at)" + letters;
        countOutgoing = "SELECT COUNT(*) FROM " + table + "_outgoing" + THE_CONVOY;
    }

    String now() {
        return database.now();
    }

    /** What is to be sent under so many ids. */
    String letters(int ids) {
        return "SELECT id, convoy, queue, message, body, " + now() + " - stored_at FROM " + table
                + "_outgoing WHERE id IN (?"
                + ", ?".repeat(ids - 1) + ") ORDER BY id";
    }

    /** The ids of all that these convoys have to send, up to one of them. */
    String outgoingBefore(int convoys) {
        return "SELECT id, convoy FROM " + table + "_outgoing WHERE machine = ? AND id <= ? AND convoy IN (?"
                + ", ?".repeat(convoys - 1) + ") ORDER BY id";
    }

    /** What is asked of the database. */
    interface Work<T> {
        T with(PreparedStatement statement) throws SQLException;
    }

    <T> T ask(Connection connection, String statement, Work<T> work) {
        try (PreparedStatement prepared = Dialect.prepare(connection, statement, timeoutSeconds)) {
            return work.with(prepared);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    RuntimeException failed(SQLException e) {
        if (Sessions.rolledBackBecauseOfOthers(e)) {
            return new StaleConvoyException("a transaction of the " + this + " was rolled back because of others", e);
        }
        if (refused(e)) {
            return new IllegalStateException(
                    "the " + this + " does not take what a step has written: " + e.getMessage(), e);
        }
        return new ConvoyStoreException("the " + this + " cannot be asked: " + e.getMessage(), e);
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

    List<TableShape> shapes() {
        return List.of(
                shape(
                        "",
                        "machine name, convoy key, state state, status name, version number, machine_version number, data blob,"
                                + " created_at number, since number, due_at number?, held number, failures number,"
                                + " failed_message key?, failure failure?, steps number, alerted flag",
                        "machine, convoy",
                        Map.of(table.table() + "_due", "machine, due_at")),
                shape(
                        "_history",
                        "machine name, convoy key, message_id key, version number, happened_at number, event event,"
                                + " from_state state, to_state state",
                        "machine, convoy, message_id, version",
                        Map.of()),
                shape(
                        "_held",
                        "machine name, convoy key, place number, message_id key, type event, headers text, body blob",
                        "machine, convoy, place",
                        Map.of()),
                shape(
                        "_outgoing",
                        "id number, machine name, convoy key, queue name, message text, body blob, try_at number,"
                                + " stored_at number",
                        "id",
                        Map.of(table.table() + "_outgoing_key", "machine, convoy, id")));
    }

    /** @param columns each with its kind, and a question mark if it may be null */
    private TableShape shape(String suffix, String columns, String key, Map<String, String> index) {
        Map<String, Column> shaped = new LinkedHashMap<>();
        for (String column : columns.split(", ")) {
            int space = column.indexOf(' ');
            boolean nullable = column.endsWith("?");
            Column kind = kind(column.substring(space + 1, nullable ? column.length() - 1 : column.length()));
            shaped.put(column.substring(0, space), nullable ? kind.orNull() : kind);
        }
        return new TableShape(new TableName(table.schema(), table.table() + suffix), shaped, key, index);
    }

    private Column kind(String kind) {
        Database.Types types = database.types();
        return switch (kind) {
            case "name" -> Column.of("VARCHAR", 64);
            case "key" -> Column.of(types.bytes(), TableShape.NAME_BYTES);
            case "state" -> Column.of("VARCHAR", 128);
            case "event" -> Column.of("VARCHAR", 256);
            case "failure" -> Column.of("VARCHAR", 1000);
            case "number" -> Column.of(types.bigint());
            case "flag" -> Column.of(types.smallint());
            case "text" -> Column.of(types.text());
            case "blob" -> Column.of(types.blob());
            default -> throw new IllegalArgumentException(kind);
        };
    }

    @Override
    public String toString() {
        return "convoy store in table " + table + " on " + database.product();
    }
}
