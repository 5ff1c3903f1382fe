package dev.waybill.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;

/** The databases that the stores know, and what differs between them where standard SQL does not say. */
enum Database {
    POSTGRESQL(
            "PostgreSQL",
            "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)",
            new Types("BYTEA", "BYTEA", "TEXT", "INT8", "INT2")),
    MARIADB(
            "MariaDB",
            "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000)",
            new Types("VARBINARY", "LONGBLOB", "LONGTEXT", "BIGINT", "SMALLINT")),
    H2(
            "H2",
            "DATEDIFF(MILLISECOND, TIMESTAMP WITH TIME ZONE '1970-01-01 00:00:00+00', CURRENT_TIMESTAMP)",
            new Types("BINARY VARYING", "BINARY LARGE OBJECT", "CHARACTER LARGE OBJECT", "BIGINT", "SMALLINT"));

    private final String product;
    private final String now;
    private final Types types;

    Database(String product, String now, Types types) {
        this.product = product;
        this.now = now;
        this.types = types;
    }

    /**
     * Types of columns, as the driver calls them.
     *
     * @param bytes up to some hundred bytes
     * @param blob any number of bytes
     * @param text any number of characters
     */
    record Types(String bytes, String blob, String text, String bigint, String smallint) {}

    /**
     * The database at the other end.
     *
     * @param store what wants to know, for the message
     * @throws IllegalArgumentException if it is another
     */
    static Database of(Connection connection, String store) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName();
        for (Database database : values()) {
            if (database.product.equalsIgnoreCase(product)) {
                return database;
            }
        }
        throw new IllegalArgumentException(
                "the " + store + " does not know the database '" + product + "': known are PostgreSQL, MariaDB and H2");
    }

    /** As people write it. */
    String product() {
        return product;
    }

    /** The time, in milliseconds since 1970: at the start of the statement, or before. */
    String now() {
        return now;
    }

    Types types() {
        return types;
    }

    /** A file with definitions, beside this class. */
    String file(String prefix) {
        return prefix + product.toLowerCase(Locale.ROOT) + ".sql";
    }
}
