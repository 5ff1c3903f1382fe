package dev.waybill.jdbc;

import dev.waybill.jdbc.TableShape.Column;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The tables of payloads and the statements on them, in one database's SQL. Immutable and thread-safe. */
final class PayloadSql {
    /** As long as a key may be. */
    private static final int KEY_BYTES = 600;

    private static final String THE_PAYLOAD = " WHERE payload_key = ?";

    private final Database database;
    private final TableName table;
    private final int timeoutSeconds;

    final String insert;
    final String insertPart;
    final String find;
    final String part;
    final String delete;
    final String deleteParts;
    final String list;

    PayloadSql(Database database, TableName table, int timeoutSeconds) {
        this.database = database;
        this.table = table;
        this.timeoutSeconds = timeoutSeconds;
        insert = "INSERT INTO " + table + " (payload_key, upload, size_bytes, parts, stored_at) VALUES (?, ?, ?, ?, "
                + database.now() + ")";
        insertPart = "INSERT INTO " + table + "_part (upload, part, content) VALUES (?, ?, ?)";
        find = "SELECT upload, parts FROM " + table + THE_PAYLOAD;
        part = "SELECT content FROM " + table + "_part WHERE upload = ? AND part = ?";
        delete = "DELETE FROM " + table + THE_PAYLOAD;
        // Not by a subquery: MariaDB before 11.1 would go through, and lock, all parts of all payloads for each.
        deleteParts = "DELETE FROM " + table + "_part WHERE upload = ?";
        list = "SELECT payload_key, size_bytes, stored_at FROM " + table
                + " WHERE payload_key > ? ORDER BY payload_key LIMIT ?";
    }

    List<TableShape> shapes() {
        Database.Types types = database.types();
        return List.of(
                new TableShape(
                        table,
                        TableShape.columns(
                                "payload_key", Column.of(types.bytes(), KEY_BYTES),
                                "upload", Column.of(types.bigint()),
                                "size_bytes", Column.of(types.bigint()),
                                "parts", Column.of(types.bigint()),
                                "stored_at", Column.of(types.bigint())),
                        "payload_key",
                        Map.of()),
                new TableShape(
                        new TableName(table.schema(), table.table() + "_part"),
                        TableShape.columns(
                                "upload", Column.of(types.bigint()),
                                "part", Column.of(types.bigint()),
                                "content", Column.of(types.blob())),
                        "upload, part",
                        Map.of()));
    }

    PreparedStatement prepare(Connection connection, String sql) throws SQLException {
        return Dialect.prepare(connection, sql, timeoutSeconds);
    }

    @Override
    public String toString() {
        return "table " + table + " on " + database.product();
    }
}
