package dev.waybill.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
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
import dev.waybill.tck.Ledger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What must hold when processes, brokers and networks fail: nothing is lost, and only what is flagged comes twice. */
abstract class FaultRules extends ConvoyFaultRules {

    private boolean restartable() {
        return site().restart().isPresent();
    }

    private Queue<String> newQueue() {
        return newQueue(RetryPolicy.DEFAULT);
    }

    private Queue<String> newQueue(RetryPolicy retry) {
        return declaration().retry(retry).build();
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

    /** Each of these is two steps, and the process may die between them: the message is stored where it goes, and settled where it was. */
    @Test
    void aProcessThatIsKilledWhileItRetriesDeadLettersAndRedrivesLosesNothing() throws Exception {
        Queue<String> queue = newQueue();
        Ledger ledger = new Ledger();
        Set<String> before = ConcurrentHashMap.newKeySet();
        AtomicInteger said = new AtomicInteger();
        int processes = 3;
        try (Waybill waybill = Waybill.open(config())) {
            sendAll(waybill.producer(queue), load(200), ledger);
            for (int i = 1; i <= processes; i++) {
                // Once round is three deliveries.
                int enough = said.get() + load(200) * 3;
                try (ConsumingProcess dying = ConsumingProcess.failing(config(), queue, id -> {
                    before.add(id);
                    said.incrementAndGet();
                })) {
                    Awaitility.await("messages go round").atMost(PATIENCE).until(() -> said.get() > enough);
                    dying.kill();
                }
            }
            Set<String> unflagged = ConcurrentHashMap.newKeySet();
            waybill.consumer(queue).concurrency(4).start(delivery -> {
                if (before.contains(delivery.id()) && !delivery.redelivered()) {
                    unflagged.add(delivery.id());
                }
                ledger.seen(delivery);
            });
            DeadLetters dead = waybill.deadLetters(queue);
            Awaitility.await("all come to another").atMost(PATIENCE).untilAsserted(() -> {
                dead.redrive(DeadLetterFilter.all()).run();
                assertThat(ledger.lost()).as("%s", ledger).isEmpty();
            });
            assertThat(unflagged)
                    .as("handled by a killed process, and delivered again without a flag")
                    .isEmpty();
            awaitAll(processes + " processes killed while they retried, dead-lettered and redrove", ledger);
        }
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
