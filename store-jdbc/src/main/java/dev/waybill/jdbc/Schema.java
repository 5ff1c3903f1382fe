package dev.waybill.jdbc;

import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The tables of a store as they are, held against what they must be. The first has given the others their names. */
final class Schema {
    private static final int MOST_LOOKS = 10;

    private final Connection connection;
    private final Database database;
    private final String store;
    private final String file;
    private final List<TableShape> shapes;
    private final DatabaseMetaData metaData;

    /**
     * Prepares to look.
     *
     * @param store whose they are, for messages
     * @param file the prefix of the files with their definitions
     */
    Schema(Connection connection, Database database, String store, String file, List<TableShape> shapes)
            throws SQLException {
        this.connection = connection;
        this.database = database;
        this.store = store;
        this.file = database.file(file);
        this.shapes = shapes;
        metaData = connection.getMetaData();
    }

    /** A name without quotes, as the database keeps it. */
    private String folded(String name) throws SQLException {
        if (metaData.storesUpperCaseIdentifiers()) {
            return name.toUpperCase(Locale.ROOT);
        }
        return metaData.storesLowerCaseIdentifiers() ? name.toLowerCase(Locale.ROOT) : name;
    }

    /**
     * Creates tables if that is asked for and one is missing, and checks them.
     *
     * @throws TopologyException if one is missing or differs
     */
    void prepare(TopologyMode mode) throws SQLException {
        if (mode == TopologyMode.OFF) {
            return;
        }
        if (mode == TopologyMode.DECLARE && somethingIsMissing()) {
            create();
        }
        for (TableShape shape : shapes) {
            List<Difference> differences = differences(shape);
            if (!differences.isEmpty()) {
                throw new TopologyException(
                        "table " + shape.table() + " of the " + store + " on " + database.product(), differences);
            }
        }
    }

    private boolean somethingIsMissing() throws SQLException {
        for (TableShape shape : shapes) {
            for (Difference difference : differences(shape)) {
                if (difference.actual().equals("none") && !difference.field().startsWith("column ")) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Another process may be doing the same; then one of the two may get an error. */
    private void create() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : script()) {
                statement.execute(sql);
            }
            if (!connection.getAutoCommit()) {
                connection.commit();
            }
        } catch (SQLException e) {
            if (!connection.getAutoCommit()) {
                connection.rollback();
            }
            if (somethingIsMissing()) {
                throw e;
            }
        }
    }

    private List<String> script() {
        TableName first = shapes.get(0).table();
        try (InputStream in = Schema.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + file + " is missing in the jar of the JDBC store");
            }
            List<String> statements = new ArrayList<>();
            for (String sql : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("${table}", first.toString())
                    .replace("${qualifier}", first.qualifier())
                    .replace("${name}", first.table())
                    .replaceAll("(?m)^--.*$", "")
                    .split(";")) {
                if (!sql.isBlank()) {
                    statements.add(sql.strip());
                }
            }
            return statements;
        } catch (IOException e) {
            throw new UncheckedIOException("the resource " + file + " cannot be read", e);
        }
    }

    /** H2 reads its own catalogue without a lock (2.4.240): when another changes it meanwhile, it is to be read again. */
    private List<Difference> differences(TableShape shape) throws SQLException {
        for (int look = 1; ; look++) {
            try {
                return new Table(shape.table()).differences(shape);
            } catch (SQLException e) {
                if (look == MOST_LOOKS || !(e.getCause() instanceof ConcurrentModificationException)) {
                    throw e;
                }
            }
        }
    }

    /** Where a table is, in the words of the driver. */
    private final class Table {
        private final @Nullable String catalog;
        private final @Nullable String schema;
        private final String table;

        Table(TableName name) throws SQLException {
            String qualifier = name.schema();
            boolean schemasAreCatalogs = database == Database.MARIADB;
            catalog = schemasAreCatalogs && !qualifier.isEmpty() ? qualifier : connection.getCatalog();
            schema = schemasAreCatalogs ? null : qualifier.isEmpty() ? connection.getSchema() : folded(qualifier);
            table = folded(name.table());
        }

        List<Difference> differences(TableShape shape) throws SQLException {
            Map<String, TableShape.Column> columns = columns();
            if (columns.isEmpty()) {
                return List.of(new Difference("the table", "in " + file, "none"));
            }
            List<Difference> differences = new ArrayList<>(shape.compare(columns));
            String key = primaryKey();
            if (!key.equals(shape.key())) {
                differences.add(new Difference("primary key", shape.key(), key));
            }
            if (differences.isEmpty()) {
                for (Map.Entry<String, String> index : shape.index().entrySet()) {
                    if (!indexes().contains(index.getValue())) {
                        differences.add(new Difference("index " + index.getKey(), "on " + index.getValue(), "none"));
                    }
                }
            }
            String engine = engine();
            if (!engine.equals("InnoDB")) {
                differences.add(new Difference("engine", "InnoDB", engine));
            }
            return differences;
        }

        private Map<String, TableShape.Column> columns() throws SQLException {
            Map<String, TableShape.Column> columns = new LinkedHashMap<>();
            String escaped = table.replace("_", metaData.getSearchStringEscape() + "_");
            try (ResultSet rows = metaData.getColumns(catalog, schema, escaped, null)) {
                while (rows.next()) {
                    columns.put(
                            rows.getString("COLUMN_NAME").toLowerCase(Locale.ROOT),
                            new TableShape.Column(
                                    rows.getString("TYPE_NAME"),
                                    rows.getInt("COLUMN_SIZE"),
                                    rows.getInt("NULLABLE") != DatabaseMetaData.columnNoNulls));
                }
            }
            return columns;
        }

        private String primaryKey() throws SQLException {
            Map<Integer, String> columns = new TreeMap<>();
            try (ResultSet rows = metaData.getPrimaryKeys(catalog, schema, table)) {
                while (rows.next()) {
                    columns.put(
                            rows.getInt("KEY_SEQ"),
                            rows.getString("COLUMN_NAME").toLowerCase(Locale.ROOT));
                }
            }
            return columns.isEmpty() ? "none" : String.join(", ", columns.values());
        }

        /** The columns of each index, in order. */
        private List<String> indexes() throws SQLException {
            Map<String, List<String>> indexes = new LinkedHashMap<>();
            try (ResultSet rows = metaData.getIndexInfo(catalog, schema, table, false, true)) {
                while (rows.next()) {
                    String column = rows.getString("COLUMN_NAME");
                    if (column != null) {
                        indexes.computeIfAbsent(rows.getString("INDEX_NAME"), name -> new ArrayList<>())
                                .add(column.toLowerCase(Locale.ROOT));
                    }
                }
            }
            return indexes.values().stream()
                    .map(columns -> String.join(", ", columns))
                    .toList();
        }

        /** On MariaDB a table may be kept by an engine without transactions, which would keep a mark that was rolled back. */
        private String engine() throws SQLException {
            if (database != Database.MARIADB) {
                return "InnoDB";
            }
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT engine FROM information_schema.tables WHERE table_schema = ? AND table_name = ?")) {
                statement.setString(1, catalog);
                statement.setString(2, table);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? row.getString(1) : "none";
                }
            }
        }
    }
}
