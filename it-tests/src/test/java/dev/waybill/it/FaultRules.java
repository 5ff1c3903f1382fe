package dev.waybill.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.Codec;
import dev.waybill.Health;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.ProducerOptions;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.servers.TestServer;
import dev.waybill.tck.ConvoyLedger;
import dev.waybill.tck.Ledger;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What must hold when processes, brokers and networks fail: nothing is lost, and only what is flagged comes twice. */
abstract class FaultRules {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CONVOYS = 1000;
    private static final int CONVOY_MESSAGES = Integer.getInteger("waybill.it.convoy-messages", 10_000);

    abstract ServerUnderTest site();

    private WaybillConfig config() {
        return site().config();
    }

    private Duration lock() {
        return Duration.ofSeconds(site().slow() ? 5 : 2);
    }

    /** How many messages, of so many where the server is a usual one. */
    private int load(int usual) {
        return site().slow() ? usual / 10 : usual;
    }

    private TestServer server() {
        return site().server();
    }

    private boolean restartable() {
        return site().restart().isPresent();
    }

    private Queue<String> newQueue() {
        return newQueue(RetryPolicy.DEFAULT);
    }

    private Queue<String> newQueue(RetryPolicy retry) {
        return declaration().retry(retry).build();
    }

    private Queue.Builder<String> declaration() {
        return Queue.named("fault-" + Long.toString(System.nanoTime(), 36), Codec.text())
                .maxDeliveries(10)
                .lockDuration(lock());
    }

    private static void sendAll(Producer<String> producer, int count, Ledger ledger) {
        List<CompletableFuture<Void>> sends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Message<String> message = Message.of("m" + i);
            ledger.sent(message.id());
            sends.add(producer.send(message));
        }
        CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
    }

    private void awaitAll(String what, Ledger ledger) {
        Awaitility.await(what)
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(ledger.lost()).as("%s", ledger).isEmpty());
        assertThat(ledger.unflaggedDuplicates())
                .as("%s: duplicates without a flag; %s", what, ledger)
                .isEmpty();
        report(what, ledger.toString());
    }

    private void report(String what, String outcome) {
        Report.line("fault \"%s\" on %s: %s".formatted(what, server().product(), outcome));
    }

    /** Sends until one is stored. */
    private static void awaitAnswer(Producer<String> producer, String id) {
        Awaitility.await("the producer works again")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> {
                    producer.sendAndWait(Message.with("probe").id(id).build());
                    return true;
                });
    }

    /** Looks each up in a set; AssertJ would go through all for each, which takes minutes for tens of thousands. */
    private static Set<String> without(Set<String> all, Set<String> some) {
        Set<String> rest = new HashSet<>();
        for (String each : all) {
            if (!some.contains(each)) {
                rest.add(each);
            }
        }
        return rest;
    }

    @Test
    void aConsumerProcessThatIsKilledLosesNothing() throws Exception {
        Queue<String> queue = newQueue();
        Ledger ledger = new Ledger();
        try (Waybill waybill = Waybill.open(config())) {
            Producer<String> producer = waybill.producer(queue);
            Set<String> before;
            try (ConsumingProcess dying = new ConsumingProcess(config(), queue)) {
                sendAll(producer, load(2000), ledger);
                Awaitility.await("the process is at work")
                        .atMost(PATIENCE)
                        .until(() -> dying.handled().size() > load(1000) / 10);
                dying.kill();
                before = Set.copyOf(dying.handled());
            }
            Set<String> unflagged = ConcurrentHashMap.newKeySet();
            Set<String> after = ConcurrentHashMap.newKeySet();
            waybill.consumer(queue).concurrency(4).start(delivery -> {
                after.add(delivery.id());
                if (before.contains(delivery.id()) && !delivery.redelivered()) {
                    unflagged.add(delivery.id());
                }
                ledger.seen(delivery);
            });
            Awaitility.await("the rest comes to another")
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(ledger.lost()).allMatch(before::contains));
            assertThat(unflagged)
                    .as("handled by the killed process, and delivered again without a flag")
                    .isEmpty();
            assertThat(ledger.unflaggedDuplicates()).isEmpty();
            report(
                    "consumer process killed",
                    "sent " + ledger.sentCount() + ", handled by it " + before.size() + ", after it " + after.size()
                            + ", lost 0");
        }
    }

    @Test
    void eachKeyIsInOrderWhileProcessesAreKilledAndAdded() throws Exception {
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
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sendConvoys(producer, convoys, each));
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

    /** The keys in turn. */
    private static void sendConvoys(Producer<String> producer, int keys, int each) {
        List<CompletableFuture<Void>> sends = new ArrayList<>(keys * each);
        for (int number = 1; number <= each; number++) {
            for (int key = 0; key < keys; key++) {
                sends.add(producer.send(ConvoyLedger.message("convoy-" + key, number)));
            }
        }
        CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
    }

    @Test
    void whatConvoysDoInADatabaseIsDoneOnceWhileTheirProcessesAreKilled() throws Exception {
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

    @Test
    void theBrokerRestartsWithTenThousandMessagesInFlight() throws Exception {
        assumeTrue(restartable(), "this server cannot be restarted with its data");
        Queue<String> queue = newQueue();
        Ledger ledger = new Ledger();
        try (Waybill waybill = Waybill.open(config())) {
            Producer<String> producer = waybill.producer(queue);
            sendAll(producer, load(10_000), ledger);
            waybill.consumer(queue).concurrency(8).prefetch(50).start(delivery -> {
                // So that the broker goes while many are in flight.
                TimeUnit.MICROSECONDS.sleep(500);
                ledger.seen(delivery);
            });
            Awaitility.await().atMost(PATIENCE).until(() -> ledger.distinct() > load(10_000) / 10);
            server().restart();
            int after = ledger.distinct();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> ledger.distinct() > after + load(10_000) / 10
                            || ledger.lost().isEmpty());
            server().kill();
            server().start();
            awaitAll("broker restarted, then killed", ledger);
        }
    }

    @Test
    void whatWaitsWhileTheBrokerIsKilledAndStartedComesAfterwards() {
        assumeTrue(restartable(), "this server cannot be killed and started with its data");
        Duration wait = Duration.ofSeconds(2);
        Queue<String> queue = newQueue(RetryPolicy.fixed(wait));
        Ledger handled = new Ledger();
        Ledger delivered = new Ledger();
        Set<String> failed = ConcurrentHashMap.newKeySet();
        try (Waybill waybill = Waybill.open(config())) {
            Producer<String> producer = waybill.producer(queue);
            // See everySendThatIsInFlightWhenTheBrokerDiesIsReportedTruthfully; the same is true of where messages
            // wait.
            server().restart();
            awaitAnswer(producer, "first-" + queue.name());
            waybill.consumer(queue).concurrency(8).prefetch(50).startReturning(delivery -> {
                delivered.seen(delivery);
                if (!delivery.payload().startsWith("fails") || !failed.add(delivery.id())) {
                    handled.seen(delivery);
                    return Outcome.accept();
                }
                // Half of them wait as the policy says, which a broker may do by itself; not so the others.
                return delivery.payload().endsWith("0") ? Outcome.retry() : Outcome.retry(wait.plusMillis(100));
            });
            List<CompletableFuture<Void>> sends = new ArrayList<>();
            for (int i = 0; i < load(3000); i++) {
                Message<String> message = switch (i % 3) {
                    case 0 -> Message.of("fails" + i % 2);
                    case 1 -> Message.with("later").delay(wait).build();
                    default -> Message.of("now");
                };
                handled.sent(message.id());
                sends.add(producer.send(message));
            }
            CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
            Awaitility.await("all have failed that fail").atMost(PATIENCE).until(() -> failed.size() == load(3000) / 3);
            int waiting = handled.lost().size();
            server().kill();
            server().start();
            assertThat(waiting).as("what waited when it was killed").isPositive();
            awaitAll("broker killed while " + waiting + " messages waited", handled);
            assertThat(delivered.unflaggedDuplicates())
                    .as("delivered twice without a flag")
                    .isEmpty();
        }
    }

    @Test
    void aConnectionThatIsCutAndHealsLosesNothing() throws Exception {
        assumeTrue(site().proxied(), "the server tells its clients its own address, which is not the proxy's");
        CutProxy proxy = site().proxy();
        Queue<String> queue = newQueue();
        Ledger ledger = new Ledger();
        try (Waybill waybill = Waybill.open(config().with("waybill.connect-timeout", "3s"))) {
            Producer<String> producer = waybill.producer(queue);
            sendAll(producer, load(3000), ledger);
            Subscription subscription =
                    waybill.consumer(queue).concurrency(8).prefetch(50).start(ledger::seen);
            for (int i = 0; i < 3; i++) {
                int seen = ledger.distinct();
                Awaitility.await()
                        .atMost(PATIENCE)
                        .until(() -> ledger.distinct() > seen || ledger.lost().isEmpty());
                proxy.cut();
                // Kafka's clients connect again by themselves: there the connection says that it is gone, not the
                // subscription.
                Awaitility.await("the loss is noticed")
                        .atMost(PATIENCE)
                        .until(() -> waybill.health().status() != Health.Status.UP);
                proxy.heal();
                Awaitility.await("it recovers")
                        .atMost(PATIENCE)
                        .until(() -> waybill.health().status() == Health.Status.UP
                                && subscription.state() == Subscription.State.RUNNING);
            }
            sendAll(producer, 100, ledger);
            awaitAll("connection cut three times", ledger);
        } finally {
            proxy.heal();
        }
    }

    @Test
    void aHandlerThatIsSlowerThanTheLockKeepsIt() {
        Queue<String> queue = newQueue();
        Ledger ledger = new Ledger();
        try (Waybill waybill = Waybill.open(config())) {
            sendAll(waybill.producer(queue), 40, ledger);
            waybill.consumer(queue).concurrency(20).start(delivery -> {
                // A slow piece of work, three locks long.
                TimeUnit.MILLISECONDS.sleep(3 * lock().toMillis());
                ledger.seen(delivery);
            });
            awaitAll("handlers of three locks", ledger);
            assertThat(ledger.redelivered())
                    .as("redelivered although they were being handled")
                    .isEmpty();
        }
    }

    @Test
    void closingUnderLoadLosesNothing() throws Exception {
        Queue<String> queue = newQueue();
        Ledger ledger = new Ledger();
        try (Waybill waybill = Waybill.open(config())) {
            Producer<String> producer = waybill.producer(queue);
            sendAll(producer, load(3000), ledger);
            for (int round = 0; round < 5; round++) {
                try (Waybill passing = Waybill.open(config())) {
                    int seen = ledger.distinct();
                    Subscription subscription = passing.consumer(queue)
                            .concurrency(64)
                            .prefetch(100)
                            .start(ledger::seen);
                    Awaitility.await()
                            .atMost(PATIENCE)
                            .until(() ->
                                    ledger.distinct() > seen || ledger.lost().isEmpty());
                    assertThat(subscription.close(Duration.ofSeconds(20)))
                            .as("drained")
                            .isTrue();
                }
            }
            waybill.consumer(queue).concurrency(8).start(ledger::seen);
            awaitAll("closed under load five times", ledger);
        }
    }

    @Test
    void everySendThatIsInFlightWhenTheBrokerDiesIsReportedTruthfully() throws Exception {
        assumeTrue(restartable(), "this server cannot be killed and started with its data");
        Queue<String> queue = newQueue();
        Set<String> stored = ConcurrentHashMap.newKeySet();
        Set<String> notStored = ConcurrentHashMap.newKeySet();
        Set<String> unknown = ConcurrentHashMap.newKeySet();
        try (Waybill waybill = Waybill.open(config())) {
            Producer<String> producer =
                    waybill.producer(queue, new ProducerOptions(2000, 64 << 20, Duration.ofSeconds(20)));
            // RabbitMQ 4.3 loses what a queue holds that was declared less than a few seconds before a SIGKILL; an
            // orderly stop writes the queue itself down.
            server().restart();
            awaitAnswer(producer, "first-" + queue.name());
            List<CompletableFuture<?>> sends = new ArrayList<>();
            CompletableFuture<Void> killing = null;
            // As many as may be are in flight at every moment of the broker's end.
            for (int i = 0; killing == null || !killing.isDone(); i++) {
                Message<String> message = Message.of("m" + i);
                sends.add(producer.send(message).handle((done, failure) -> {
                    Set<String> fate =
                            failure == null ? stored : ((SendException) failure).maybeStored() ? unknown : notStored;
                    return fate.add(message.id());
                }));
                if (i == 2500) {
                    killing = CompletableFuture.runAsync(server()::kill);
                }
            }
            killing.join();
            CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
            server().start();
            assertThat(stored.size() + notStored.size() + unknown.size()).isEqualTo(sends.size());
            assertThat(stored).isNotEmpty();
            assertThat(unknown).as("in flight when it died").isNotEmpty();
            Set<String> there = ConcurrentHashMap.newKeySet();
            Awaitility.await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                producer.sendAndWait(
                        Message.with("last").id("last-" + queue.name()).build());
                return true;
            });
            waybill.consumer(queue).concurrency(4).start(delivery -> there.add(delivery.id()));
            Awaitility.await("what was reported stored is there")
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(without(stored, there)).isEmpty());
            Awaitility.await().atMost(PATIENCE).until(() -> there.contains("last-" + queue.name()));
            assertThat(without(notStored, without(notStored, there)))
                    .as("what was reported as not stored, and is there")
                    .isEmpty();
            report(
                    "broker died with sends in flight",
                    "stored " + stored.size() + ", not stored " + notStored.size() + ", unknown " + unknown.size());
        }
    }
}
