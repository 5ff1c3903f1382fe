package dev.waybill.jdbc;

import dev.waybill.TopologyMode;
import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.convoy.StoredConvoy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Keeps convoys in tables of PostgreSQL, MariaDB (10.6 or later) or H2 (2.4 or later), for any number of processes. Times are by the
 * clock of the database, so that those of the processes do not matter. Thread-safe.
 *
 * <p>A step of a convoy is one transaction, at READ COMMITTED. An action gets its connection by
 * {@code step.unwrap(Connection.class)}, and what it writes there is kept with the step or not at all; it can neither commit nor close
 * it. A transaction takes one connection from the {@link DataSource}: there should be as many as there are handlers, and three more.
 */
public final class JdbcConvoyStore implements ConvoyStore {
    private final DataSource dataSource;
    private final ConvoySql sql;

    private JdbcConvoyStore(Builder builder) {
        dataSource = builder.dataSource;
        TableName table = builder.table;
        int timeoutSeconds = (int) builder.statementTimeout.toSeconds();
        try (Connection connection = dataSource.getConnection()) {
            Database database = Database.of(connection, "convoy store");
            sql = new ConvoySql(database, table, timeoutSeconds);
            new Schema(connection, database, "convoy store", "convoys-", sql.shapes()).prepare(builder.schema);
        } catch (SQLException e) {
            throw new ConvoyStoreException(
                    "the convoy store in table " + table + " cannot be asked: " + e.getMessage(), e);
        }
    }

    /** Starts a store on the connections that the data source hands out. They remain the caller's to close. */
    public static Builder on(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public Transaction begin() {
        return new ConvoyTransaction(dataSource, sql);
    }

    @Override
    public List<StoredConvoy> list(String machine, ConvoyFilter filter, String after, int limit) {
        try (ConvoyTransaction transaction = new ConvoyTransaction(dataSource, sql)) {
            return transaction.reader().list(machine, filter, after, limit);
        }
    }

    @Override
    public Optional<ConvoyDetails> show(String machine, String key) {
        try (ConvoyTransaction transaction = new ConvoyTransaction(dataSource, sql)) {
            return transaction.reader().show(machine, key);
        }
    }

    @Override
    public ConvoyCensus census(String machine) {
        try (ConvoyTransaction transaction = new ConvoyTransaction(dataSource, sql)) {
            return transaction.reader().census(machine);
        }
    }

    @Override
    public String toString() {
        return sql.toString();
    }

    /** Opens a {@link JdbcConvoyStore}; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private final DataSource dataSource;
        private TableName table = TableName.of("waybill_convoy");
        private TopologyMode schema = TopologyMode.VERIFY;
        private Duration statementTimeout = Duration.ofSeconds(10);

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * The table, by default {@code waybill_convoy}, and the beginning of the names of the others: 1 to 48 letters, digits and
         * underscores, the first no digit; and the same before a dot for a schema other than the connection's (on MariaDB, a database).
         * It is used without quotes.
         */
        public Builder table(String name) {
            table = TableName.of(name);
            return this;
        }

        /**
         * What to do about the tables: create them if one is missing, check them (the default), or neither. The definitions are the
         * resources {@code convoys-postgresql.sql}, {@code -mariadb.sql} and {@code -h2.sql} beside this class, for those who create
         * tables by other means.
         */
        public Builder schema(TopologyMode mode) {
            schema = Objects.requireNonNull(mode, "schema");
            return this;
        }

        /**
         * How long a statement of the store may take, in whole seconds; by default 10 s; 1 s to 10 min. A network that is gone is noticed
         * by the socket time-out of the driver, which is to be set there.
         */
        public Builder statementTimeout(Duration timeout) {
            statementTimeout = Setting.statementTimeout("convoy store", timeout);
            return this;
        }

        /**
         * Opens the store. Blocks.
         *
         * @throws ConvoyStoreException if the database cannot be reached, or does not let the tables be created
         * @throws dev.waybill.TopologyException if a table is missing or differs, with everything that does
         * @throws IllegalArgumentException if it is a database that the store does not know
         */
        public JdbcConvoyStore open() {
            return new JdbcConvoyStore(this);
        }
    }
}
