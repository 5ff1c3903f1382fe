package dev.waybill.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.servers.TestServer;
import dev.waybill.tck.ConvoyLedger;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What must hold of queues that are ordered by key when their processes are killed or stand still. */
abstract class ConvoyFaultRules {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String KEYS_AT_ONCE = "this double hands two consumers messages of one key at once";
    private static final int CONVOYS = 1000;
    private static final int CONVOY_MESSAGES = Integer.getInteger("waybill.it.convoy-messages", 10_000);

    abstract ServerUnderTest site();

    final WaybillConfig config() {
        return site().config();
    }

    final Duration lock() {
        return Duration.ofSeconds(site().slow() ? 5 : 2);
    }

    /** How many messages, of so many where the server is a usual one. */
    final int load(int usual) {
        return site().slow() ? usual / 10 : usual;
    }

    final TestServer server() {
        return site().server();
    }

    final Queue.Builder<String> declaration() {
        return Queue.named("fault-" + Long.toString(System.nanoTime(), 36), Codec.text())
                .maxDeliveries(10)
                .lockDuration(lock());
    }

    final void report(String what, String outcome) {
        Report.line("fault \"%s\" on %s: %s".formatted(what, server().product(), outcome));
    }

    @Test
    void eachKeyIsInOrderWhileProcessesAreKilledAndAdded() throws Exception {
        assumeTrue(site().holdsUpKeys(), KEYS_AT_ONCE);
        Queue<String> queue = declaration().orderedByKey().build();
        int convoys = site().slow() ? CONVOYS / 3 : CONVOYS;
        int each = CONVOY_MESSAGES / CONVOYS;
        ConvoyTrail trail = new ConvoyTrail();
        Deque<ConsumingProcess> processes = new ArrayDeque<>();
        int killed = 0;
        try (Waybill waybill = Waybill.open(config())) {
            Producer<String> producer = waybill.producer(queue);
            for (int i = 0; i < 3; i++) {
                processes.add(new ConsumingProcess(config(), queue, trail::add));
            }
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sendConvoys(producer, convoys, 1, each));
            for (int part = 1; part < 10; part++) {
                int enough = convoys * each / 10 * part;
                Awaitility.await("handled by " + processes.size() + " processes")
                        .atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(trail.distinct()).isGreaterThanOrEqualTo(enough));
                // The longest at work has the most to lose; every third time one joins that has nobody to replace.
                if (part % 3 != 0) {
                    try (ConsumingProcess dying = processes.remove()) {
                        dying.kill();
                        killed++;
                    }
                }
                processes.add(new ConsumingProcess(config(), queue, trail::add));
            }
            sending.join();
            Awaitility.await("all are handled")
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(trail.distinct()).isEqualTo(convoys * each));
            assertThat(waybill.deadLetters(queue).count()).isZero();
        } finally {
            processes.forEach(ConsumingProcess::close);
        }
        assertThat(trail.faults()).as("%s", trail).isEmpty();
        report(convoys + " convoys, " + killed + " processes killed", trail.toString());
    }

    /** Until then it has messages that another handles meanwhile. */
    @Test
    void eachKeyIsInOrderBesideAProcessThatStoodStill() throws Exception {
        assumeTrue(site().holdsUpKeys(), KEYS_AT_ONCE);
        Queue<String> queue = declaration().orderedByKey().build();
        int keys = 200;
        int each = load(20);
        ConvoyTrail trail = new ConvoyTrail();
        try (Waybill waybill = Waybill.open(config())) {
            Producer<String> producer = waybill.producer(queue);
            WaybillConfig impatient = site().impatientOf(waybill, queue);
            sendConvoys(producer, keys, 1, each);
            try (ConsumingProcess still = new ConsumingProcess(impatient, queue, trail::add)) {
                Awaitility.await("it is at work").atMost(PATIENCE).until(() -> trail.distinct() > keys / 2);
                still.standsStill();
                assertThat(trail.distinct()).as("handled before").isLessThan(keys * each);
                try (ConsumingProcess other = new ConsumingProcess(impatient, queue, trail::add)) {
                    Awaitility.await("the other has all of it")
                            .atMost(PATIENCE)
                            .until(() -> trail.distinct() == keys * each);
                    assertThat(other.steps()).as("handled by the other").isNotEmpty();
                    still.goesOn();
                    int last = awaitWork(still, producer, keys, each);
                    Awaitility.await("all are handled").atMost(PATIENCE).until(() -> trail.distinct() == keys * last);
                }
                assertThat(still.steps().stream().filter(ConsumingProcess.Step::lockLost))
                        .as("handled beyond their lock by the one that stood still")
                        .hasSizeLessThanOrEqualTo(ConsumingProcess.CONVOYS_AT_ONCE);
            }
            assertThat(waybill.deadLetters(queue).count()).isZero();
        }
        assertThat(trail.faults()).as("%s", trail).isEmpty();
        report(keys + " convoys, a process that stood still", trail.toString());
    }

    /** Sends until this process handles something; returns the last number. */
    private static int awaitWork(ConsumingProcess process, Producer<String> producer, int keys, int sent) {
        AtomicInteger last = new AtomicInteger(sent);
        Awaitility.await("it is at work again").atMost(PATIENCE).until(() -> {
            int next = last.incrementAndGet();
            sendConvoys(producer, keys, next, next);
            return process.steps().stream().anyMatch(step -> step.number() > sent);
        });
        return last.get();
    }

    /** The keys in turn. */
    private static void sendConvoys(Producer<String> producer, int keys, int first, int last) {
        List<CompletableFuture<Void>> sends = new ArrayList<>();
        for (int number = first; number <= last; number++) {
            for (int key = 0; key < keys; key++) {
                sends.add(producer.send(ConvoyLedger.message("convoy-" + key, number)));
            }
        }
        CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
    }

    @Test
    void whatConvoysDoInADatabaseIsDoneOnceWhileTheirProcessesAreKilled() throws Exception {
        assumeTrue(site().holdsUpKeys(), KEYS_AT_ONCE);
        Queue<String> orders = AccountProcess.queue(declaration().build().name(), lock());
        Queue<String> receipts = AccountProcess.queue(orders.name() + "-receipts", lock());
        int accounts = 50;
        int each = load(50);
        Map<String, List<String>> got = new ConcurrentHashMap<>();
        Deque<AccountProcess> processes = new ArrayDeque<>();
        try (EmbeddedPostgres database = EmbeddedPostgres.start();
                Waybill waybill = Waybill.open(config())) {
            String url = database.getJdbcUrl("postgres", "postgres");
            try (Connection connection = database.getPostgresDatabase().getConnection();
                    Statement statement = connection.createStatement();
                    HikariDataSource pool = AccountProcess.pool(url)) {
                statement.execute("CREATE TABLE account (owner VARCHAR(20) PRIMARY KEY, balance BIGINT NOT NULL)");
                statement.execute(
                        "INSERT INTO account SELECT 'a' || i, 0 FROM generate_series(0, " + (accounts - 1) + ") AS i");
                ConvoyOperations convoys = new ConvoyOperations(AccountProcess.store(pool), AccountProcess.MACHINE);
                waybill.consumer(receipts)
                        .concurrency(4)
                        .start(delivery -> got.computeIfAbsent(
                                        delivery.key().orElseThrow(), key -> new CopyOnWriteArrayList<>())
                                .add(delivery.payload()));
                for (int i = 0; i < 2; i++) {
                    processes.add(new AccountProcess(config(), url, orders, receipts));
                }
                Producer<String> producer = waybill.producer(orders);
                CompletableFuture<Void> sending =
                        CompletableFuture.runAsync(() -> sendAmounts(producer, accounts, each));
                for (int part = 1; part <= 4; part++) {
                    int enough = accounts * each / 5 * part;
                    Awaitility.await("steps that are kept")
                            .atMost(PATIENCE)
                            .until(() -> ask(statement, "SELECT COUNT(*) FROM waybill_convoy_history") >= enough);
                    try (AccountProcess dying = processes.remove()) {
                        dying.kill();
                    }
                    processes.add(new AccountProcess(config(), url, orders, receipts));
                }
                sending.join();
                Awaitility.await("all are closed")
                        .atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(
                                        convoys.list(ConvoyFilter.all().withStatus(ConvoyStatus.DONE), "", 1000))
                                .hasSize(accounts));
                long expected = (long) each * (each + 1) / 2;
                assertThat(ask(statement, "SELECT COUNT(*) FROM account WHERE balance = " + expected))
                        .as("accounts whose balance is %s", expected)
                        .isEqualTo(accounts);
                Awaitility.await("all receipts have come")
                        .atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(ask(statement, "SELECT COUNT(*) FROM waybill_convoy_outgoing"))
                                .isZero());
                List<String> inOrder = new ArrayList<>(IntStream.rangeClosed(1, each)
                        .mapToObj(Integer::toString)
                        .toList());
                inOrder.add(AccountProcess.CLOSE);
                Awaitility.await("receipts in order").atMost(PATIENCE).untilAsserted(() -> {
                    assertThat(got).hasSize(accounts);
                    assertThat(got.values())
                            .allSatisfy(list ->
                                    assertThat(new LinkedHashSet<>(list)).containsExactlyElementsOf(inOrder));
                });
                assertThat(waybill.deadLetters(orders).count()).isZero();
            }
        } finally {
            processes.forEach(AccountProcess::close);
        }
        int received = got.values().stream().mapToInt(List::size).sum();
        report(
                accounts + " convoys with a database, 4 processes killed",
                accounts * each + " amounts added once, " + accounts * (each + 1) + " receipts sent, " + received
                        + " received");
    }

    private static long ask(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }

    /** 1, 2, 3 and so on to each, and that it is to be closed. */
    private static void sendAmounts(Producer<String> producer, int accounts, int each) {
        List<CompletableFuture<Void>> sends = new ArrayList<>();
        for (int number = 1; number <= each + 1; number++) {
            String text = number > each ? AccountProcess.CLOSE : Integer.toString(number);
            for (int account = 0; account < accounts; account++) {
                sends.add(producer.send(Message.with(text).key("a" + account).build()));
            }
        }
        CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
    }
}
