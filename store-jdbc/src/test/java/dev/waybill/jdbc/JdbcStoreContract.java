package dev.waybill.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.TopologyException;
import dev.waybill.TopologyMode;
import dev.waybill.idempotency.Claim;
import dev.waybill.idempotency.Claim.State;
import dev.waybill.idempotency.IdempotencyStoreException;
import dev.waybill.tck.IdempotencyStoreContract;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the JDBC store does on every database, beside what every store does. */
abstract class JdbcStoreContract extends IdempotencyStoreContract {
    private static final AtomicInteger TABLES = new AtomicInteger();
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final String table = "marks_" + TABLES.incrementAndGet();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private JdbcIdempotencyStore store;

    abstract DataSource dataSource();

    /** A pool of the same database whose connections do not commit by themselves. */
    abstract DataSource withoutAutoCommit();

    @Override
    protected JdbcIdempotencyStore store() {
        store = builder().schema(TopologyMode.DECLARE).open();
        return store;
    }

    private JdbcIdempotencyStore.Builder builder() {
        return JdbcIdempotencyStore.on(dataSource())
                .table(table)
                .timeToLive(TIME_TO_LIVE)
                .cleanEvery(Duration.ZERO);
    }

    @Override
    protected void elapse(Duration time) throws SQLException {
        execute("UPDATE " + table + " SET taken_until = taken_until - " + time.toMillis()
                + ", expires_at = expires_at - " + time.toMillis());
    }

    @AfterEach
    void end() throws SQLException {
        threads.shutdownNow();
        execute("DROP TABLE " + table);
    }

    private void execute(String... sql) throws SQLException {
        try (Connection connection = dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            for (String one : sql) {
                statement.execute(one);
            }
        }
    }

    private int rows() throws SQLException {
        try (Connection connection = dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
            row.next();
            return row.getInt(1);
        }
    }

    private Connection transaction() throws SQLException {
        Connection connection = dataSource().getConnection();
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        return connection;
    }

    private Claim claim(String messageId) {
        return store.claim("orders", messageId, "consumer", LEASE);
    }

    private boolean markAndCommit(String messageId) throws SQLException {
        try (Connection connection = transaction()) {
            boolean first = store.mark(connection, "orders", messageId);
            connection.commit();
            return first;
        }
    }

    @Test
    void aMessageIsMarkedForTheFirstTimeOnce() throws Exception {
        assertThat(markAndCommit("a")).isTrue();
        assertThat(markAndCommit("a")).isFalse();
        assertThat(markAndCommit("A")).isTrue();
        assertThat(claim("a").state()).isEqualTo(State.DONE);
    }

    @Test
    void aSecondMarkInOneTransactionIsNotTheFirst() throws Exception {
        try (Connection connection = transaction()) {
            assertThat(store.mark(connection, "orders", "a")).isTrue();
            assertThat(store.mark(connection, "orders", "a")).isFalse();
            connection.commit();
        }
        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void aMarkThatIsRolledBackWasNeverThere() throws Exception {
        try (Connection connection = transaction()) {
            assertThat(store.mark(connection, "orders", "a")).isTrue();
            connection.rollback();
        }
        assertThat(rows()).isZero();
        assertThat(markAndCommit("a")).isTrue();
    }

    @Test
    void aMarkNeitherCommitsNorEndsTheTransaction() throws Exception {
        markAndCommit("a");
        try (Connection connection = transaction();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE " + table + " SET owner = 'before'");
            assertThat(store.mark(connection, "orders", "a")).isFalse();
            assertThat(store.mark(connection, "orders", "b")).isTrue();
            assertThat(statement.executeUpdate("UPDATE " + table + " SET owner = 'after'"))
                    .as("rows that the transaction sees after a mark that was there and one that was not")
                    .isEqualTo(2);
            connection.rollback();
        }
        try (Connection connection = dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT owner FROM " + table)) {
            assertThat(row.next()).isTrue();
            assertThat(row.getString(1)).as("what was written before the mark").isNull();
            assertThat(row.next()).as("the mark that was rolled back").isFalse();
        }
    }

    @Test
    void aMarkWaitsForTheOneBeforeItAndIsNotTheFirstIfThatIsCommitted() throws Exception {
        try (Connection first = transaction()) {
            assertThat(store.mark(first, "orders", "a")).isTrue();
            Future<Boolean> second = threads.submit(() -> markAndCommit("a"));
            assertWaits(second);
            first.commit();
            assertThat(second.get(10, TimeUnit.SECONDS)).as("the first time").isFalse();
        }
    }

    @Test
    void aMarkWaitsForTheOneBeforeItAndIsTheFirstIfThatIsRolledBack() throws Exception {
        try (Connection first = transaction()) {
            assertThat(store.mark(first, "orders", "a")).isTrue();
            Future<Boolean> second = threads.submit(() -> markAndCommit("a"));
            assertWaits(second);
            first.rollback();
            assertThat(second.get(10, TimeUnit.SECONDS)).as("the first time").isTrue();
        }
        assertThat(markAndCommit("a")).isFalse();
    }

    private static void assertWaits(Future<?> future) {
        await().during(Duration.ofMillis(300)).atMost(Duration.ofSeconds(5)).until(() -> !future.isDone());
    }

    @Test
    void aMarkOnAConnectionThatCommitsByItselfIsRefused() throws Exception {
        try (Connection connection = dataSource().getConnection()) {
            assertThatThrownBy(() -> store.mark(connection, "orders", "a"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("commits by itself");
        }
        assertThat(rows()).isZero();
    }

    @Test
    void aMarkOfAnIdThatNoStoreCanHoldIsRefused() throws Exception {
        try (Connection connection = transaction()) {
            assertThatThrownBy(() -> store.mark(connection, "orders", "\ud83d"))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.mark(connection, "", "a")).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aClaimDoesNotCountAsDoneAndIsDisplacedByAMark() throws Exception {
        Claim claim = claim("a");
        try (Connection connection = transaction()) {
            assertThat(store.mark(connection, "orders", "a")).isTrue();
            connection.rollback();
        }
        assertThat(claim("a").state()).as("after the mark was rolled back").isEqualTo(State.TAKEN);
        assertThat(markAndCommit("a")).isTrue();
        assertThat(store.renew(claim, LEASE)).as("renewed").isFalse();
        assertThat(store.confirm(claim)).as("confirmed").isFalse();
        store.abandon(claim);
        elapse(LEASE);
        assertThat(claim("a").state()).isEqualTo(State.DONE);
        assertThat(markAndCommit("a")).isFalse();
    }

    @Test
    void aConfirmedMessageIsNotMarkedAgain() throws Exception {
        store.confirm(claim("a"));
        assertThat(markAndCommit("a")).isFalse();
    }

    @Test
    void aMarkIsKeptForTheTimeToLive() throws Exception {
        markAndCommit("a");
        elapse(TIME_TO_LIVE.minusMinutes(1));
        assertThat(markAndCommit("a")).isFalse();
        elapse(Duration.ofMinutes(2));
        assertThat(markAndCommit("a")).isTrue();
        assertThat(markAndCommit("a")).isFalse();
    }

    /** A transaction that has read before must get the truth or an error; what it sees may be older than what is. */
    @Test
    void aTransactionWithAnOldViewGetsTheTruthOrAnError() throws Exception {
        execute("CREATE TABLE " + table + "_work (id INT)");
        for (int isolation : List.of(Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE)) {
            String id = "a" + isolation;
            assertThat(markWithOldView(isolation, id, () -> markAndCommit(id)))
                    .as("the mark of another, as a transaction of isolation %s finds it", isolation)
                    .isIn("false", "error");
            String claimed = "c" + isolation;
            assertThat(markWithOldView(isolation, claimed, () -> claim(claimed)))
                    .as("the claim of another, as a transaction of isolation %s finds it", isolation)
                    .isIn("true", "error");
        }
        execute("DROP TABLE " + table + "_work");
    }

    private String markWithOldView(int isolation, String id, Callable<?> meanwhile) throws Exception {
        try (Connection connection = dataSource().getConnection()) {
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(isolation);
            try (PreparedStatement look = connection.prepareStatement("SELECT COUNT(*) FROM " + table + "_work");
                    ResultSet row = look.executeQuery()) {
                row.next();
            }
            threads.submit(meanwhile).get(10, TimeUnit.SECONDS);
            try {
                return String.valueOf(store.mark(connection, "orders", id));
            } catch (SQLException e) {
                return "error";
            } finally {
                connection.rollback();
            }
        }
    }

    @Test
    void ofManyTransactionsThatMarkTheSameMessagesEachMessageHasOne() throws Exception {
        List<Future<Integer>> running = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int thread = i;
            running.add(threads.submit(() -> {
                int firsts = 0;
                for (int m = 0; m < 100; m++) {
                    firsts += firstTime("m" + m, (m + thread) % 5 != 0) ? 1 : 0;
                }
                return firsts;
            }));
        }
        int firsts = 0;
        for (Future<Integer> one : running) {
            firsts += one.get(60, TimeUnit.SECONDS);
        }
        assertThat(firsts).as("marks that were first and committed").isEqualTo(100);
        assertThat(rows()).isEqualTo(100);
    }

    /** As a handler does it: what loses a deadlock is rolled back, and its message comes again. */
    private boolean firstTime(String id, boolean commit) throws SQLException {
        while (true) {
            try (Connection connection = transaction()) {
                boolean first = store.mark(connection, "orders", id);
                if (commit) {
                    connection.commit();
                } else {
                    connection.rollback();
                }
                return first && commit;
            } catch (SQLTransactionRollbackException deadlock) {
                assertThat(deadlock.getSQLState()).isEqualTo("40001");
            }
        }
    }

    @Test
    void whatHasExpiredIsDeletedInBatches() throws Exception {
        for (int i = 0; i < 25; i++) {
            markAndCommit("old" + i);
        }
        elapse(TIME_TO_LIVE);
        markAndCommit("new");
        claim("claimed");
        assertThat(store.deleteExpired(10)).isEqualTo(10);
        assertThat(store.deleteExpired(10)).isEqualTo(10);
        assertThat(store.deleteExpired(10)).isEqualTo(5);
        assertThat(store.deleteExpired(10)).isZero();
        assertThat(claim("new").state()).isEqualTo(State.DONE);
        assertThat(claim("claimed").state()).isEqualTo(State.TAKEN);
        assertThat(rows()).isEqualTo(2);
        assertThatThrownBy(() -> store.deleteExpired(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("batchSize is 0 but must be 1 to 10000");
    }

    @Test
    void aClaimWhoseLeaseEndedIsKeptForTheLateAndThenDeleted() throws Exception {
        claim("a");
        elapse(TIME_TO_LIVE);
        assertThat(store.deleteExpired(10)).isZero();
        elapse(LEASE);
        assertThat(store.deleteExpired(10)).isEqualTo(1);
    }

    @Test
    void deletingWaitsForNobody() throws Exception {
        markAndCommit("a");
        markAndCommit("b");
        elapse(TIME_TO_LIVE.plusMinutes(1));
        try (Connection connection = transaction()) {
            assertThat(store.mark(connection, "orders", "a")).isTrue();
            Future<Integer> deleted = threads.submit(() -> store.deleteExpired(10));
            assertThat(deleted.get(5, TimeUnit.SECONDS)).isEqualTo(1);
            connection.commit();
        }
        assertThat(claim("a").state()).isEqualTo(State.DONE);
        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void theStoreDeletesByItself() throws Exception {
        markAndCommit("a");
        elapse(TIME_TO_LIVE);
        try (JdbcIdempotencyStore cleaning =
                builder().cleanEvery(Duration.ofSeconds(1)).open()) {
            await().atMost(Duration.ofSeconds(10)).until(() -> rows() == 0);
            assertThat(cleaning.toString()).contains(table);
        }
    }

    @Test
    void aClaimDoesNotWaitLongerThanItsTimeOut() throws Exception {
        JdbcIdempotencyStore impatient =
                builder().statementTimeout(Duration.ofSeconds(1)).open();
        try (Connection connection = transaction()) {
            store.mark(connection, "orders", "a");
            Future<Claim> claim = threads.submit(() -> impatient.claim("orders", "a", "consumer", LEASE));
            assertThatThrownBy(() -> claim.get(8, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(IdempotencyStoreException.class)
                    .hasMessageContaining("table " + table + " cannot be asked");
            connection.rollback();
        }
        assertThat(impatient.claim("orders", "a", "consumer", LEASE).state()).isEqualTo(State.NEW);
    }

    @Test
    void connectionsThatDoNotCommitByThemselvesAreCommitted() throws Exception {
        JdbcIdempotencyStore other = JdbcIdempotencyStore.on(withoutAutoCommit())
                .table(table)
                .cleanEvery(Duration.ZERO)
                .open();
        Claim claim = other.claim("orders", "a", "consumer", LEASE);
        assertThat(claim("a").state()).isEqualTo(State.TAKEN);
        assertThat(other.claim("orders", "a", "another", LEASE).state()).isEqualTo(State.TAKEN);
        assertThat(other.renew(claim, LEASE)).isTrue();
        assertThat(other.confirm(claim)).isTrue();
        assertThat(claim("a").state()).isEqualTo(State.DONE);
        elapse(Duration.ofDays(8));
        assertThat(other.deleteExpired(10)).isEqualTo(1);
        assertThat(rows()).isZero();
    }

    @Test
    void aMissingTableIsNamed() throws Exception {
        for (String missing : List.of("nothing_here", "nothing_at_all.marks")) {
            assertThatThrownBy(() -> builder().table(missing).open())
                    .isInstanceOf(TopologyException.class)
                    .hasMessageContaining("table " + missing)
                    .hasMessageContaining("the table is declared as in ")
                    .hasMessageEndingWith("but is none");
        }
    }

    @Test
    void anUnderscoreInTheNameIsNoWildcard() throws Exception {
        String similar = table.replace('_', 'x');
        execute("CREATE TABLE " + similar + " (id INT)");
        try {
            builder().open();
            assertThatThrownBy(() -> builder().table(table + "_").open())
                    .isInstanceOf(TopologyException.class)
                    .hasMessageEndingWith("but is none");
        } finally {
            execute("DROP TABLE " + similar);
        }
    }

    @Test
    void whateverDiffersIsNamed() throws Exception {
        execute(
                "DROP TABLE " + table,
                "CREATE TABLE " + table
                        + " (queue VARCHAR(20) NOT NULL, message_id VARCHAR(384) NOT NULL, token BIGINT, owner VARCHAR(128), done SMALLINT NOT NULL,"
                        + " expires_at INT NOT NULL, PRIMARY KEY (message_id))");
        for (TopologyMode mode : List.of(TopologyMode.VERIFY, TopologyMode.DECLARE)) {
            assertThatThrownBy(() -> builder().schema(mode).open())
                    .isInstanceOfSatisfying(
                            TopologyException.class,
                            e -> assertThat(e.differences())
                                    .extracting(TopologyException.Difference::field)
                                    .containsExactly(
                                            "column queue",
                                            "column message_id",
                                            "column token",
                                            "column taken_until",
                                            "column expires_at",
                                            "primary key"));
        }
        builder().schema(TopologyMode.OFF).open();
    }

    @Test
    void aMissingIndexIsNamedAndMade() throws Exception {
        execute(dropIndex(table, table + "_expires_at"));
        assertThatThrownBy(() -> builder().open())
                .isInstanceOf(TopologyException.class)
                .hasMessageEndingWith("index " + table + "_expires_at is declared as on expires_at but is none");
        builder().schema(TopologyMode.DECLARE).open();
        builder().open();
    }

    abstract String dropIndex(String table, String index);

    @Test
    void aTableIsDeclaredBySeveralAtOnce() throws Exception {
        execute("DROP TABLE " + table);
        List<Future<JdbcIdempotencyStore>> opening = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            opening.add(
                    threads.submit(() -> builder().schema(TopologyMode.DECLARE).open()));
        }
        for (Future<JdbcIdempotencyStore> one : opening) {
            one.get(30, TimeUnit.SECONDS);
        }
        assertThat(claim("a").state()).isEqualTo(State.NEW);
    }
}
