package dev.waybill.jdbc;

import dev.waybill.TopologyException.Difference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The columns that the table must have, in the words of one database's driver.
 *
 * @param bytes the type of queue and message id
 * @param time the type of the times and of the token
 * @param flag the type of the flag
 */
record TableShape(String bytes, String time, String flag) {
    static final String KEY = "queue, message_id";

    /** UTF-8 takes at most three bytes for each of 128 characters, as Java counts them. */
    private static final int KEY_BYTES = 384;

    private static final int OWNER_CHARACTERS = 128;

    /** A column that is there. */
    record Column(String type, int size, boolean nullable) {
        @Override
        public String toString() {
            return type + "(" + size + ")" + (nullable ? "" : " NOT NULL");
        }
    }

    /** Every column that is not as it must be. Further columns are the owner's business. */
    List<Difference> compare(Map<String, Column> actual) {
        Map<String, Column> declared = new LinkedHashMap<>();
        declared.put("queue", new Column(bytes, KEY_BYTES, false));
        declared.put("message_id", new Column(bytes, KEY_BYTES, false));
        declared.put("token", new Column(time, 0, false));
        declared.put("owner", new Column("VARCHAR", OWNER_CHARACTERS, true));
        declared.put("done", new Column(flag, 0, false));
        declared.put("taken_until", new Column(time, 0, false));
        declared.put("expires_at", new Column(time, 0, false));
        List<Difference> differences = new ArrayList<>();
        declared.forEach((name, column) -> {
            Column there = actual.get(name);
            if (there == null) {
                differences.add(new Difference("column " + name, text(column), "none"));
            } else if (!fits(column, there)) {
                differences.add(new Difference("column " + name, text(column), there.toString()));
            }
        });
        return differences;
    }

    private static boolean fits(Column declared, Column there) {
        return sameType(declared.type, there.type)
                && there.size >= declared.size
                && there.nullable == declared.nullable;
    }

    /** The owner is only to be read by people: any text of variable length will do. */
    private static boolean sameType(String declared, String there) {
        String type = there.toUpperCase(Locale.ROOT);
        return declared.equals(type)
                || declared.equals("VARCHAR")
                        && (type.equals("CHARACTER VARYING") || type.equals("VARCHAR_IGNORECASE"));
    }

    private static String text(Column column) {
        return column.type + (column.size == 0 ? "" : "(" + column.size + ")") + (column.nullable ? "" : " NOT NULL");
    }
}
