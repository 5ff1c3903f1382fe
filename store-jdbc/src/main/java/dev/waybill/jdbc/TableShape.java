package dev.waybill.jdbc;

import dev.waybill.TopologyException.Difference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a table must be like. The names of types are the driver's.
 *
 * @param key the columns of its primary key
 * @param index an index that it must have, on columns; empty if there need be none
 */
record TableShape(TableName table, Map<String, Column> columns, String key, Map<String, String> index) {
    /** UTF-8 takes at most three bytes for each of 128 characters, as Java counts them. */
    static final int NAME_BYTES = 384;

    /**
     * A column.
     *
     * @param size 0 if it does not matter
     */
    record Column(String type, int size, boolean nullable) {
        static Column of(String type) {
            return new Column(type, 0, false);
        }

        static Column of(String type, int size) {
            return new Column(type, size, false);
        }

        Column orNull() {
            return new Column(type, size, true);
        }

        private String declared() {
            return type + (size == 0 ? "" : "(" + size + ")") + (nullable ? "" : " NOT NULL");
        }

        @Override
        public String toString() {
            return type + "(" + size + ")" + (nullable ? "" : " NOT NULL");
        }
    }

    /** Every column that is not as it must be. Further columns are the owner's business. */
    List<Difference> compare(Map<String, Column> actual) {
        List<Difference> differences = new ArrayList<>();
        columns.forEach((name, column) -> {
            Column there = actual.get(name);
            if (there == null) {
                differences.add(new Difference("column " + name, column.declared(), "none"));
            } else if (!fits(column, there)) {
                differences.add(new Difference("column " + name, column.declared(), there.toString()));
            }
        });
        return differences;
    }

    private static boolean fits(Column declared, Column there) {
        return sameType(declared.type, there.type)
                && there.size >= declared.size
                && there.nullable == declared.nullable;
    }

    /** For text any type of variable length will do. */
    private static boolean sameType(String declared, String there) {
        String type = there.toUpperCase(Locale.ROOT);
        return declared.equals(type)
                || declared.equals("VARCHAR")
                        && (type.equals("CHARACTER VARYING") || type.equals("VARCHAR_IGNORECASE"));
    }

    /** Collects columns in order. */
    static Map<String, Column> columns(Object... namesAndColumns) {
        Map<String, Column> columns = new LinkedHashMap<>();
        for (int i = 0; i < namesAndColumns.length; i += 2) {
            columns.put((String) namesAndColumns[i], (Column) namesAndColumns[i + 1]);
        }
        return columns;
    }
}
