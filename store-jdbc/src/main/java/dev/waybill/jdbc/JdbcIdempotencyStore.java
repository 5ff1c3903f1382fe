package dev.waybill.jdbc;

import dev.waybill.TopologyMode;
import dev.waybill.idempotency.Claim;
import dev.waybill.idempotency.ClaimArguments;
import dev.waybill.idempotency.IdempotencyStore;
import dev.waybill.idempotency.IdempotencyStoreException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what is done in a table of PostgreSQL, MariaDB or H2, for any number of processes. Times are by the clock of the
 * database, so that those of the processes do not matter. Thread-safe.
 *
 * <p>There are two ways to use it; choose one for a queue.
 *
 * <ul>
 *   <li>The consumer claims, confirms and abandons, as {@link IdempotencyStore} says. Each call takes a connection from the
 *       {@link DataSource} and commits, whatever the handler does; so the data source must not be one that hands out the
 *       connection of the handler's transaction.
 *   <li>The handler calls {@link #mark} in its own transaction. Then its effect in this database happens exactly once,
 *       whatever dies and whenever.
 * </ul>
 *
 * <p>In both, "once" holds for the time to live.
 */
public final class JdbcIdempotencyStore implements IdempotencyStore, AutoCloseable {

    /** Of tokens, so that no two claims of a message, by whatever process, have the same. */
    private static final SecureRandom TOKENS = new SecureRandom();

    private static final int LARGEST_BATCH = 10_000;

    private final Sessions sessions;
    private final Dialect dialect;
    private final long timeToLiveMillis;
    private final int timeoutSeconds;
    private final @Nullable Cleaner cleaner;

    private JdbcIdempotencyStore(Builder builder) {
        TableName table = builder.table;
        sessions = new Sessions(
                builder.dataSource, () -> "the idempotency store in table " + table, IdempotencyStoreException::new);
        timeToLiveMillis = builder.timeToLive.toMillis();
        timeoutSeconds = (int) builder.statementTimeout.toSeconds();
        dialect = sessions.run(connection -> {
            Dialect found = Dialect.of(connection, table);
            new Schema(connection, found.database(), "idempotency store", "idempotency-", List.of(found.shape()))
                    .prepare(builder.schema);
            return found;
        });
        cleaner = builder.cleanEvery.isZero() ? null : new Cleaner(this, builder.cleanEvery);
    }

    /** Starts a store on the connections that the data source hands out. They remain the caller's to close. */
    public static Builder on(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public Claim claim(String queue, String messageId, String owner, Duration lease) {
        ClaimArguments.checkMessage(queue, messageId);
        ClaimArguments.checkOwner(owner);
        ClaimArguments.checkLease(lease);
        long token = TOKENS.nextLong();
        long leaseMillis = lease.toMillis();
        // A claim outlives its lease, for a consumer that confirms late and that nobody has overtaken.
        Entry entry =
                new Entry(Key.of(queue, messageId), token, owner, false, leaseMillis, leaseMillis + timeToLiveMillis);
        Answer answer = sessions.run(connection -> new Answer(dialect.take(connection, entry, timeoutSeconds)));
        Held held = answer.held;
        if (held == null) {
            return Claim.granted(queue, messageId, token);
        }
        return held.done() ? Claim.done() : Claim.taken(held.remainingMillis());
    }

    private record Answer(@Nullable Held held) {}

    @Override
    public boolean renew(Claim claim, Duration lease) {
        ClaimArguments.checkLease(lease);
        long token = claim.token();
        Key key = Key.of(claim.queue(), claim.messageId());
        long leaseMillis = lease.toMillis();
        return sessions.run(connection ->
                dialect.renew(connection, key, token, leaseMillis, leaseMillis + timeToLiveMillis, timeoutSeconds));
    }

    @Override
    public boolean confirm(Claim claim) {
        long token = claim.token();
        Key key = Key.of(claim.queue(), claim.messageId());
        return sessions.run(connection -> dialect.confirm(connection, key, token, timeToLiveMillis, timeoutSeconds));
    }

    @Override
    public void abandon(Claim claim) {
        long token = claim.token();
        Key key = Key.of(claim.queue(), claim.messageId());
        sessions.run(connection -> {
            dialect.abandon(connection, key, token, timeoutSeconds);
            return true;
        });
    }

    /**
     * Marks a message as done, in the transaction of the caller. If it is the first time, the caller does the work in the same
     * transaction and commits; if not, there is nothing to do. The mark is kept if and only if the transaction is committed; this
     * method neither commits nor rolls back.
     *
     * <p>While another transaction that marked the same message is open, this waits for its end, for as long as the database's
     * lock time-out lets it (on PostgreSQL without end, by default), and then tells the truth. A claim of the message does not
     * count: it says that somebody began, not that the work is done. It is displaced, and cannot be confirmed any more; and while
     * the transaction is open the claim's renewal waits for it. That is why a queue uses one of the two ways.
     *
     * <p>Call it first thing in the transaction. One that has read before, at an isolation level above READ COMMITTED, does not
     * see what was marked since, and gets an error of serialization instead of an answer.
     *
     * @param connection to the database of this store, with a transaction
     * @return whether it is the first time
     * @throws SQLException if the database fails, or ends the transaction because of others (SQL state 40001), as MariaDB does when
     *     a mark is rolled back for which several wait; the caller must roll back, and the message is not handled
     * @throws IllegalStateException if the connection commits by itself: the mark would be there before the work is done
     */
    public boolean mark(Connection connection, String queue, String messageId) throws SQLException {
        ClaimArguments.checkMessage(queue, messageId);
        if (connection.getAutoCommit()) {
            throw new IllegalStateException(
                    "the connection commits by itself: a mark needs the transaction of the work");
        }
        Entry entry =
                new Entry(Key.of(queue, messageId), TOKENS.nextLong(), null, true, timeToLiveMillis, timeToLiveMillis);
        return dialect.take(connection, entry, 0) == null;
    }

    /**
     * Deletes messages whose time to live is over, the oldest first, in one short transaction that waits for nobody. The store
     * does it by itself unless it was told not to; call it until it returns less than was asked for.
     *
     * @param batchSize how many at most; 1 to 10,000
     * @return how many
     * @throws IdempotencyStoreException if the store cannot be asked
     */
    public int deleteExpired(int batchSize) {
        if (batchSize < 1 || batchSize > LARGEST_BATCH) {
            throw new IllegalArgumentException("batchSize is " + batchSize + " but must be 1 to " + LARGEST_BATCH);
        }
        return sessions.runInTransaction(connection -> dialect.deleteExpired(connection, batchSize, timeoutSeconds));
    }

    /** Stops deleting what has expired. All else goes on; the data source is the caller's. */
    @Override
    public void close() {
        if (cleaner != null) {
            cleaner.close();
        }
    }

    @Override
    public String toString() {
        return "idempotency store in table " + dialect.table() + " on "
                + dialect.database().product();
    }

    /** Opens a {@link JdbcIdempotencyStore}; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private final DataSource dataSource;
        private TableName table = TableName.of("waybill_idempotency");
        private TopologyMode schema = TopologyMode.VERIFY;
        private Duration timeToLive = Duration.ofDays(7);
        private Duration statementTimeout = Duration.ofSeconds(10);
        private Duration cleanEvery = Duration.ofMinutes(1);

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * The table, by default {@code waybill_idempotency}: 1 to 48 letters, digits and underscores, the first no digit; and the
         * same before a dot for a schema other than the connection's (on MariaDB, a database). It is used without quotes.
         */
        public Builder table(String name) {
            table = TableName.of(name);
            return this;
        }

        /**
         * What to do about the table: create it if it is missing, check it (the default), or neither. The definitions are the
         * resources {@code idempotency-postgresql.sql}, {@code -mariadb.sql} and {@code -h2.sql} beside this class, for those who create tables
         * by other means.
         */
        public Builder schema(TopologyMode mode) {
            schema = Objects.requireNonNull(mode, "schema");
            return this;
        }

        /** How long a message is remembered after it was done; by default 7 days; 1 s to 366 days. */
        public Builder timeToLive(Duration timeToLive) {
            this.timeToLive = checked("timeToLive", timeToLive, Duration.ofSeconds(1), Duration.ofDays(366));
            return this;
        }

        /**
         * How long a statement of the store may take, in whole seconds; by default 10 s; 1 s to 10 min. Not that of
         * {@link JdbcIdempotencyStore#mark}, which is the transaction's. A network that is gone is noticed by the socket time-out
         * of the driver, which is to be set there.
         */
        public Builder statementTimeout(Duration timeout) {
            statementTimeout = Setting.statementTimeout("idempotency store", timeout);
            return this;
        }

        /** How often what has expired is deleted; by default every minute; 1 s to 1 day, or zero for never. */
        public Builder cleanEvery(Duration interval) {
            cleanEvery = interval.isZero()
                    ? interval
                    : checked("cleanEvery", interval, Duration.ofSeconds(1), Duration.ofDays(1));
            return this;
        }

        private static Duration checked(String what, Duration value, Duration least, Duration most) {
            return Setting.checked(what + " of the idempotency store", value, least, most);
        }

        /**
         * Opens the store. Blocks.
         *
         * @throws IdempotencyStoreException if the database cannot be reached, or does not let the table be created
         * @throws dev.waybill.TopologyException if the table is missing or differs, with everything that does
         * @throws IllegalArgumentException if it is a database that the store does not know
         */
        public JdbcIdempotencyStore open() {
            return new JdbcIdempotencyStore(this);
        }
    }
}
