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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The table as it is, held against what it must be. */
final class Schema {
    private final Connection connection;
    private final Dialect dialect;
    private final DatabaseMetaData metaData;
    private final @Nullable String catalog;
    private final @Nullable String schema;
    private final String table;

    Schema(Connection connection, Dialect dialect) throws SQLException {
        this.connection = connection;
        this.dialect = dialect;
        this.metaData = connection.getMetaData();
        String qualifier = dialect.table().schema();
        boolean schemasAreCatalogs = dialect instanceof MariaDb;
        catalog = schemasAreCatalogs && !qualifier.isEmpty() ? qualifier : connection.getCatalog();
        schema = schemasAreCatalogs ? null : qualifier.isEmpty() ? connection.getSchema() : folded(qualifier);
        table = folded(dialect.table().table());
    }

    /** A name without quotes, as the database keeps it. */
    private String folded(String name) throws SQLException {
        if (metaData.storesUpperCaseIdentifiers()) {
            return name.toUpperCase(Locale.ROOT);
        }
        return metaData.storesLowerCaseIdentifiers() ? name.toLowerCase(Locale.ROOT) : name;
    }

    /**
     * Creates the table if that is asked for and it is missing, and checks it.
     *
     * @throws TopologyException if it is missing or differs
     */
    void prepare(TopologyMode mode) throws SQLException {
        if (mode == TopologyMode.OFF) {
            return;
        }
        List<Difference> differences = differences();
        if (mode == TopologyMode.DECLARE && somethingIsMissing(differences)) {
            differences = create();
        }
        if (!differences.isEmpty()) {
            throw new TopologyException(
                    "table " + dialect.table() + " of the idempotency store on " + dialect.product(), differences);
        }
    }

    private static boolean somethingIsMissing(List<Difference> differences) {
        return differences.stream()
                .anyMatch(difference -> difference.actual().equals("none")
                        && !difference.field().startsWith("column "));
    }

    /** Returns what is not right afterwards. Another process may be doing the same; then one of the two may get an error. */
    private List<Difference> create() throws SQLException {
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
            if (!differences().isEmpty()) {
                throw e;
            }
        }
        return differences();
    }

    private List<String> script() {
        String file = dialect.schemaFile();
        try (InputStream in = Schema.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + file + " is missing in the jar of the JDBC store");
            }
            List<String> statements = new ArrayList<>();
            for (String sql : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("${table}", dialect.table().toString())
                    .replace("${qualifier}", dialect.table().qualifier())
                    .replace("${index}", dialect.table().index())
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

    private List<Difference> differences() throws SQLException {
        Map<String, TableShape.Column> columns = columns();
        if (columns.isEmpty()) {
            return List.of(new Difference("the table", "in " + dialect.schemaFile(), "none"));
        }
        List<Difference> differences = new ArrayList<>(dialect.shape().compare(columns));
        String key = primaryKey();
        if (!key.equals(TableShape.KEY)) {
            differences.add(new Difference("primary key", TableShape.KEY, key));
        }
        if (differences.isEmpty() && !hasIndex()) {
            differences.add(new Difference("index " + dialect.table().index(), "on expires_at", "none"));
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
                        rows.getInt("KEY_SEQ"), rows.getString("COLUMN_NAME").toLowerCase(Locale.ROOT));
            }
        }
        return columns.isEmpty() ? "none" : String.join(", ", columns.values());
    }

    private boolean hasIndex() throws SQLException {
        try (ResultSet rows = metaData.getIndexInfo(catalog, schema, table, false, true)) {
            while (rows.next()) {
                if (rows.getInt("ORDINAL_POSITION") == 1
                        && "expires_at".equalsIgnoreCase(rows.getString("COLUMN_NAME"))) {
                    return true;
                }
            }
            return false;
        }
    }

    /** On MariaDB a table may be kept by an engine without transactions, which would keep a mark that was rolled back. */
    private String engine() throws SQLException {
        if (!(dialect instanceof MariaDb)) {
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
