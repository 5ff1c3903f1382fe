package dev.waybill.rabbitmq;

import static dev.waybill.rabbitmq.TestQueue.receive;
import static dev.waybill.rabbitmq.TestQueue.receiveOne;
import static dev.waybill.rabbitmq.TestQueue.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Health;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException.Reason;
import dev.waybill.TopologyMode;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.TestServers;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the adapter reports when the server or the network fails. */
class OutageIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static RabbitMqServer server;

    @BeforeAll
    static void start() {
        server = TestServers.rabbitmq();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Broker open() {
        return new RabbitMqBrokerProvider().open(new TestContext(server.uri()).connectTimeout(Duration.ofSeconds(3)));
    }

    /** Hears what a sender's listener is told. */
    private static final class Heard implements SenderListener {
        final BlockingQueue<String> words = new LinkedBlockingQueue<>();

        @Override
        public void blocked(String reason) {
            words.add("blocked");
        }

        @Override
        public void unblocked() {
            words.add("unblocked");
        }
    }

    @Test
    void everySendInFlightWhenTheServerDiesIsReportedOnceAndTruthfully() throws Exception {
        try (Broker broker = open()) {
            TestQueue queue = TestQueue.declared(broker, 10);
            // A server that is killed within seconds of a queue's first declaration forgets what it confirmed there.
            server.restart();
            await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                broker.declare(queue.definition, TopologyMode.VERIFY);
                return true;
            });
            List<Sent> sent = new ArrayList<>();
            Sender sender = queue.sender();
            Receiver receiver = queue.receiver(10);
            Inbound held = null;
            AtomicBoolean killed = new AtomicBoolean();
            // Goes on until the server is gone, so that it dies with some in flight.
            for (int i = 0; i < 200 || !killed.get(); i++) {
                if (i >= 400) {
                    Sent earlier = sent.get((i - 400) * 50);
                    // Only then: to wait takes a while even if there is no need, and in that while all may be
                    // confirmed.
                    if (!earlier.reported()) {
                        await().atMost(PATIENCE).until(earlier::reported);
                    }
                }
                List<Sent> batch = new ArrayList<>();
                for (int k = 0; k < 50; k++) {
                    batch.add(Sent.text("m" + (i * 50 + k)));
                }
                sent.addAll(batch);
                sender.send(batch);
                if (i == 20) {
                    held = receiveOne(receiver);
                }
                if (i == 100) {
                    CompletableFuture.runAsync(server::kill).thenRun(() -> killed.set(true));
                }
            }
            await().atMost(PATIENCE).until(() -> killed.get() && sent.stream().allMatch(Sent::reported));
            assertThat(sent).allMatch(message -> message.reports.get() == 1);
            assertThat(sender.usable()).isFalse();
            Sent late = Sent.text("late");
            sender.send(List.of(late));
            assertThat(late.reason).isEqualTo(Reason.CONNECTION_LOST);
            assertThat(late.maybeStored).isFalse();
            sender.close();

            assertThatThrownBy(() -> {
                        while (true) {
                            receiver.receive(100, Duration.ofSeconds(20));
                        }
                    })
                    .isInstanceOfSatisfying(
                            BrokerException.class,
                            failed -> assertThat(failed.kind()).isEqualTo(BrokerException.Kind.UNAVAILABLE));
            Inbound lost = Objects.requireNonNull(held);
            assertThat(lost.lost()).isTrue();
            TestQueue.awaitLost(settle(receiver, lost, Disposition.ACCEPT));
            receiver.close();
            assertThat(broker.health()).anyMatch(component -> component.status() == Health.Status.DOWN);
            assertThatThrownBy(queue::sender).isInstanceOf(BrokerException.class);

            server.start();
            Set<String> there = new HashSet<>();
            await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                queue.send(9_000_000, 9_000_001);
                return true;
            });
            try (Receiver again = queue.receiver(500)) {
                // Without pauses: where the kill takes long there are hundreds of thousands.
                await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> {
                    List<Inbound> received = again.receive(500, Duration.ofMillis(200));
                    there.addAll(Contract.ids(received));
                    TestQueue.accept(again, received);
                    return there.contains("m9000000");
                });
            }
            assertThat(sent.stream().filter(message -> message.stored && !there.contains(message.envelope.id())))
                    .as("lost")
                    .isEmpty();
            assertThat(sent.stream().filter(message -> !message.stored))
                    .allMatch(message -> message.reason == Reason.CONNECTION_LOST)
                    .filteredOn(message -> !message.maybeStored)
                    .noneMatch(message -> there.contains(message.envelope.id()));
            assertThat(sent).anyMatch(message -> message.stored).anyMatch(message -> message.maybeStored);
            assertThat(broker.health()).allMatch(component -> component.status() == Health.Status.UP);
        }
    }

    @Test
    void delayedMessagesSurviveARestartOfTheServerAndComeInTime() {
        TestQueue queue;
        List<Sent> sent = new ArrayList<>();
        long start = System.nanoTime();
        try (Broker broker = open()) {
            queue = TestQueue.declared(broker, 10);
            for (int i = 0; i < 500; i++) {
                sent.add(Sent.text("m" + i).delayed(500 + i * 40L));
            }
            start = System.nanoTime();
            queue.send(sent);
            assertThat(sent).allMatch(message -> message.stored);
        }
        server.restart();
        Map<String, Long> arrived = new HashMap<>();
        try (Broker broker = open();
                Receiver receiver = queue.with(broker, RetryPolicy.DEFAULT).receiver(500)) {
            long begin = start;
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> {
                for (Inbound message : receiver.receive(500, Duration.ofMillis(200))) {
                    long millis = (System.nanoTime() - begin) / 1_000_000;
                    long delay =
                            500 + 40 * Long.parseLong(message.envelope().id().substring(1));
                    // What waits on over the restart is in time, and certainly not a second copy.
                    assertThat(message.redelivered() && millis < delay + 3000).isFalse();
                    if (arrived.putIfAbsent(message.envelope().id(), millis) != null) {
                        // Passed on by a server that was stopped before it had written that down, and once more since.
                        assertThat(message.redelivered())
                                .as("%s has come before", message.envelope())
                                .isTrue();
                    }
                    TestQueue.accept(receiver, List.of(message));
                }
                return arrived.size() == sent.size();
            });
            assertThat(TestQueue.whatComesWithin(receiver, Duration.ofSeconds(1)))
                    .allMatch(Inbound::redelivered);
        }
        assertThat(sent)
                .allMatch(message -> Objects.requireNonNull(arrived.get(message.envelope.id())) >= message.delayMillis);
    }

    @Test
    void aBlockedServerIsReportedToTheSenderAndHoldsUpNeitherReceiversNorTheClose() throws Exception {
        Broker broker = open();
        try {
            TestQueue queue = TestQueue.declared(broker, 10);
            queue.send(0, 10);
            Heard heard = new Heard();
            Sender sender = broker.sender(queue.main(), heard);
            server.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "1MB");
            Sent waiting = Sent.text("waiting");
            sender.send(List.of(waiting));
            assertThat(heard.words.poll(20, TimeUnit.SECONDS)).isEqualTo("blocked");
            assertThat(broker.health()).anyMatch(component -> component.status() == Health.Status.DEGRADED);

            try (Receiver receiver = queue.receiver(10)) {
                TestQueue.accept(receiver, receive(receiver, 10));
            }

            Thread stuck = new Thread(() -> {
                for (int i = 0; i < 200; i++) {
                    sender.send(List.of(new Sent(new Envelope("big", null, null, 1, Map.of(), new byte[1 << 20]))));
                }
            });
            stuck.start();
            await().atMost(PATIENCE).until(() -> inSocketWrite(stuck));

            long start = System.nanoTime();
            CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> {
                sender.close();
                broker.close();
            });
            assertThat(closing).succeedsWithin(Duration.ofSeconds(15));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
            await().atMost(PATIENCE).until(() -> !stuck.isAlive());
            assertThat(waiting.reason).isEqualTo(Reason.CONNECTION_LOST);
            assertThat(waiting.maybeStored).isTrue();
        } finally {
            server.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "2GB");
            broker.close();
        }
    }

    private static boolean inSocketWrite(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getMethodName().equals("implWrite")
                    || frame.getMethodName().startsWith("socketWrite")) {
                return true;
            }
        }
        return false;
    }

    @Test
    void anUnblockedServerTakesWhatWasHandedOver() throws Exception {
        try (Broker broker = open()) {
            TestQueue queue = TestQueue.declared(broker, 10);
            Heard heard = new Heard();
            try (Sender sender = broker.sender(queue.main(), heard)) {
                server.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "1MB");
                List<Sent> waiting = List.of(Sent.text("a"), Sent.text("b"));
                sender.send(waiting);
                assertThat(heard.words.poll(20, TimeUnit.SECONDS)).isEqualTo("blocked");
                assertThatThrownBy(queue::sender)
                        .isInstanceOf(BrokerException.class)
                        .hasMessageContaining("blocks publishers");
                assertThat(waiting).noneMatch(Sent::reported);
                server.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "2GB");
                assertThat(heard.words.poll(20, TimeUnit.SECONDS)).isEqualTo("unblocked");
                await().atMost(PATIENCE).until(() -> waiting.stream().allMatch(message -> message.stored));
                queue.send(0, 1);
            } finally {
                server.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "2GB");
            }
        }
    }

    @Test
    void aDeadNetworkIsNoticedByTheHeartbeatAlsoByASenderThatIsStuckInIt() throws Exception {
        int port = URI.create(server.uri()).getPort();
        try (StallingProxy proxy = new StallingProxy(port)) {
            TestContext context = new TestContext(server.uri().replace(":" + port, ":" + proxy.port()))
                    .nativeSetting("connection.heartbeat", "2")
                    .connectTimeout(Duration.ofSeconds(3));
            Broker broker = new RabbitMqBrokerProvider().open(context);
            TestQueue queue = TestQueue.declared(broker, 10);
            queue.send(0, 20);
            Sender sender = queue.sender();
            Receiver receiver = queue.receiver(10);
            Inbound held = receiveOne(receiver);
            proxy.stall();
            List<Sent> sent = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                sent.add(new Sent(new Envelope("big" + i, null, null, 1, Map.of(), new byte[1 << 20])));
            }
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sender.send(sent));
            assertThat(sending).succeedsWithin(Duration.ofSeconds(20));
            await().atMost(PATIENCE).until(() -> sent.stream().allMatch(Sent::reported));
            assertThat(sent).allMatch(message -> message.reason == Reason.CONNECTION_LOST);
            assertThat(sender.usable()).isFalse();
            await().atMost(PATIENCE).until(held::lost);
            CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> {
                receiver.close();
                sender.close();
                broker.close();
            });
            assertThat(closing).succeedsWithin(Duration.ofSeconds(15));
            proxy.flow();
        }
    }

    @Test
    void aReceiverOnADeadNetworkClosesInBoundedTime() throws Exception {
        int port = URI.create(server.uri()).getPort();
        try (StallingProxy proxy = new StallingProxy(port)) {
            TestContext context = new TestContext(server.uri().replace(":" + port, ":" + proxy.port()))
                    .connectTimeout(Duration.ofSeconds(1));
            Broker broker = new RabbitMqBrokerProvider().open(context);
            TestQueue queue = TestQueue.declared(broker, 10);
            queue.send(0, 20);
            Receiver receiver = queue.receiver(10);
            Inbound held = receiveOne(receiver);
            proxy.stall();
            settle(receiver, held, Disposition.ACCEPT);
            CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> {
                receiver.close();
                broker.close();
            });
            assertThat(closing).succeedsWithin(Duration.ofSeconds(15));
            proxy.flow();
        }
    }

    @Test
    void aConnectionThatIsCutIsOpenedAgainForTheNextSenderAndReceiver() throws Exception {
        int port = URI.create(server.uri()).getPort();
        try (StallingProxy proxy = new StallingProxy(port);
                Broker broker = new RabbitMqBrokerProvider()
                        .open(new TestContext(server.uri().replace(":" + port, ":" + proxy.port())))) {
            TestQueue queue = TestQueue.declared(broker, 10);
            for (int round = 0; round < 5; round++) {
                Sender sender = queue.sender();
                Receiver receiver = queue.receiver(10);
                Sent sent = Sent.text("m" + round);
                sender.send(List.of(sent));
                await().until(() -> sent.stored);
                Inbound received = receiveOne(receiver);
                proxy.cut();
                await().atMost(PATIENCE).until(() -> !sender.usable() && received.lost());
                sender.close();
                receiver.close();
                try (Receiver next = queue.receiver(10)) {
                    Inbound again = receiveOne(next);
                    assertThat(again.envelope().id()).isEqualTo(sent.envelope.id());
                    assertThat(again.redelivered()).isTrue();
                    TestQueue.accept(next, List.of(again));
                }
            }
            broker.declare(queue.definition, TopologyMode.VERIFY);
        }
    }

    @Test
    void whatIsClosedStaysClosed() {
        Broker broker = open();
        TestQueue queue = TestQueue.declared(broker, 10);
        broker.close();
        broker.close();
        assertThatThrownBy(queue::sender).isInstanceOf(BrokerException.class);
        assertThatThrownBy(() -> queue.receiver(1)).isInstanceOf(BrokerException.class);
    }
}
