package dev.waybill.jdbc;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A table, as it may stand in a statement without quotes.
 *
 * @param schema empty for the connection's own
 */
record TableName(String schema, String table) {
    private static final String WORD = "[A-Za-z_][A-Za-z0-9_]{0,47}";
    private static final Pattern NAME = Pattern.compile("(?:(" + WORD + ")\\.)?(" + WORD + ")");

    static TableName of(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("table name '" + name
                    + "' is not allowed: 1 to 48 letters, digits and underscores, the first no digit, and the same before a dot"
                    + " for a schema");
        }
        return new TableName(matcher.group(1) == null ? "" : matcher.group(1), matcher.group(2));
    }

    /** The schema with its dot, or nothing. */
    String qualifier() {
        return schema.isEmpty() ? "" : schema + ".";
    }

    /** The index by which what has expired is found. */
    String index() {
        return table + "_expires_at";
    }

    @Override
    public String toString() {
        return qualifier() + table;
    }
}
