package dev.waybill.rabbitmq;

import static dev.waybill.rabbitmq.TestQueue.accept;
import static dev.waybill.rabbitmq.TestQueue.receiveOne;
import static dev.waybill.rabbitmq.TestQueue.settle;
import static dev.waybill.rabbitmq.TestQueue.whatComesWithin;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import dev.waybill.SendException.Reason;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.Sender;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Delayed sends. */
class DelaysIT {
    @RegisterExtension
    static final SharedServer NEWER = new SharedServer("4.3");

    @RegisterExtension
    static final SharedServer OLDER = new SharedServer("4.0");

    private static RabbitMqServer server(String version) {
        return (version.equals("4.0") ? OLDER : NEWER).get();
    }

    private static Broker open(String version) {
        return new RabbitMqBrokerProvider().open(new TestContext(server(version).uri()));
    }

    /** A virtual host of its own, whose delays may be tampered with. */
    private static Broker openAlone(String version, String host) {
        RabbitMqServer server = server(version);
        server.rabbitmqctl("add_vhost", host);
        server.rabbitmqctl("set_permissions", "-p", host, "guest", ".*", ".*", ".*");
        return new RabbitMqBrokerProvider().open(new TestContext(server.uri() + "/" + host));
    }

    private static Channel channel(Broker broker) throws Exception {
        return broker.unwrap(Connection.class).orElseThrow().createChannel();
    }

    private static Sent message(int i, long delayMillis) {
        Envelope envelope = new Envelope(
                "m" + i,
                i % 2 == 0 ? null : "k" + i,
                "text/plain",
                1000 + i,
                Map.of("n", "" + i, "x-death", "mine", "x-first-death-queue", "mine"),
                ("body " + i).getBytes(StandardCharsets.UTF_8));
        return new Sent(envelope, delayMillis);
    }

    /** What came, and how long after it was handed over. */
    private record Arrival(Inbound message, long millis) {}

    private static List<Arrival> arrivals(TestQueue queue, List<Sent> messages) {
        List<Arrival> arrivals = new ArrayList<>();
        try (Receiver receiver = queue.receiver(500);
                Sender sender = queue.sender()) {
            long start = System.nanoTime();
            sender.send(messages);
            await().atMost(TestQueue.PATIENCE)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> {
                        List<Inbound> received = receiver.receive(500, Duration.ofMillis(200));
                        long millis = (System.nanoTime() - start) / 1_000_000;
                        received.forEach(message -> arrivals.add(new Arrival(message, millis)));
                        accept(receiver, received);
                        return arrivals.size() >= messages.size();
                    });
            assertThat(messages).allMatch(message -> message.stored);
            assertThat(whatComesWithin(receiver, Contract.QUIET)).isEmpty();
        }
        return arrivals;
    }

    private static void assertWholeAndInTime(List<Sent> messages, List<Arrival> arrivals, long slackMillis) {
        Map<String, Sent> byId =
                messages.stream().collect(Collectors.toMap(sent -> sent.envelope.id(), Function.identity()));
        for (Arrival arrival : arrivals) {
            Envelope received = arrival.message.envelope();
            Sent sent = byId.remove(received.id());
            assertThat(sent).as("%s is a second one, or none of ours", received).isNotNull();
            assertThat(received).matches(back -> Envelopes.same(back, sent.envelope));
            assertThat(arrival.message.redelivered() && arrival.millis < sent.delayMillis + 3000)
                    .as("%s is flagged, and was not late", received)
                    .isFalse();
            assertThat(arrival.message.deliveryCount()).isEqualTo(1);
            assertThat(arrival.millis)
                    .as("%s, delayed by %d ms", received, sent.delayMillis)
                    .isBetween(sent.delayMillis, sent.delayMillis + 100 + sent.delayMillis / 100 + slackMillis);
        }
        assertThat(byId).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void aDelayedMessageComesWholeNotEarlyAndNotMuchLate(String version) {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.declared(broker, 5);
            Random random = new Random(7);
            long[] delays = {1, 50, 99, 100, 101, 200, 300, 700, 1000, 1500, 3100, 6300};
            List<Sent> messages = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                messages.add(message(i, i < delays.length ? delays[i] : 1 + random.nextInt(5000)));
            }
            assertWholeAndInTime(messages, arrivals(queue, messages), 1000);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void thousandsComeOnceEach(String version) {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.declared(broker, 5);
            Random random = new Random(8);
            List<Sent> messages = IntStream.range(0, 5000)
                    .mapToObj(i -> message(i, i % 10 == 0 ? 0 : 1 + random.nextInt(3000)))
                    .toList();
            assertWholeAndInTime(messages, arrivals(queue, messages), TestQueue.PATIENCE.toMillis());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void aLongDelayHoldsUpNoShortOne(String version) {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.declared(broker, 5);
            List<Sent> longOnes = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                longOnes.add(message(i, i % 2 == 0 ? Delays.MOST_MILLIS : 60_000));
            }
            queue.send(longOnes);
            assertThat(longOnes).allMatch(message -> message.stored);
            List<Sent> messages =
                    IntStream.range(100, 200).mapToObj(i -> message(i, 300)).toList();
            assertWholeAndInTime(messages, arrivals(queue, messages), 2000);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void aDelayedMessageIsRetriedCountedAndDeadLetteredAsAnyOther(String version) {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.declared(broker, 3);
            queue.send(List.of(message(1, 1500)));
            try (Receiver receiver = queue.receiver(10);
                    Receiver dead = queue.deadLetterReceiver()) {
                for (int delivery = 1; delivery <= 3; delivery++) {
                    Inbound received = receiveOne(receiver);
                    assertThat(received.deliveryCount()).isEqualTo(delivery);
                    assertThat(received.redelivered()).isEqualTo(delivery > 1);
                    settle(receiver, received, Disposition.RETRY);
                }
                assertThat(receiveOne(dead).envelope())
                        .matches(back -> Envelopes.same(TestQueue.alive(back), message(1, 0).envelope));
                assertThat(whatComesWithin(receiver, Contract.QUIET)).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void aDelayedMessageToAQueueThatDoesNotExistIsUnroutableAndTheSenderStaysUsable(String version) {
        try (Broker broker = open(version)) {
            // Whatever queue is declared first on a server brings the delays along.
            broker.declare(TestQueue.undeclared(broker, 5).definition, TopologyMode.DECLARE);
            TestQueue queue = TestQueue.undeclared(broker, 5);
            List<Sent> sent =
                    IntStream.range(0, 50).mapToObj(i -> message(i, 100 + i)).toList();
            try (Sender sender = queue.sender()) {
                sender.send(sent);
                await().until(() -> sent.stream().allMatch(Sent::reported));
                assertThat(sent).allSatisfy(message -> {
                    assertThat(message.reason).isEqualTo(Reason.UNROUTABLE);
                    assertThat(message.maybeStored).isFalse();
                    assertThat(message.detail).contains(queue.name(), Delays.ENTRY);
                    assertThat(message.reports).hasValue(1);
                });
                assertThat(sender.usable()).isTrue();
                broker.declare(queue.definition, TopologyMode.DECLARE);
                Sent later = message(99, 100);
                sender.send(List.of(later));
                await().until(() -> later.stored);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void ofTwoThatAreAlikeTheOneThatIsReturnedIsReported(String version) throws Exception {
        try (Broker broker = open(version);
                Channel channel = channel(broker)) {
            TestQueue queue = TestQueue.declared(broker, 5);
            channel.exchangeUnbind(Delays.level(Delays.LEVELS - 1), Delays.ENTRY, Delays.all(queue.name()));
            for (int i = 0; i < 20; i++) {
                Sent straight = message(i, 0);
                Sent delayed = straight.delayed(100);
                queue.send(List.of(straight, delayed));
                assertThat(straight.stored).isTrue();
                assertThat(delayed.reason).isEqualTo(Reason.UNROUTABLE);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void whatIsDueAfterItsQueueWasDeletedIsKeptAndHoldsUpNoOther(String version) throws Exception {
        try (Broker broker = openAlone(version, "deleted");
                Channel channel = channel(broker)) {
            TestQueue deleted = TestQueue.declared(broker, 5);
            TestQueue other = TestQueue.declared(broker, 5);
            List<Sent> lost =
                    IntStream.range(0, 100).mapToObj(i -> message(i, 300)).toList();
            // First: a busy machine may need longer to send them all than the first of them waits. The way in stays.
            channel.queueDelete(deleted.name());
            deleted.send(lost);
            assertThat(lost).allMatch(message -> message.stored);
            List<Sent> messages =
                    IntStream.range(100, 200).mapToObj(i -> message(i, 300)).toList();
            assertWholeAndInTime(messages, arrivals(other, messages), 2000);
            await().atMost(TestQueue.PATIENCE).until(() -> channel.messageCount(Delays.UNDELIVERABLE) == lost.size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void whereNoDelaysAreDeclaredADelayedMessageIsUnroutable(String version) {
        try (Broker broker = openAlone(version, "no-delays");
                Sender sender = TestQueue.undeclared(broker, 5).sender()) {
            Sent sent = message(1, 100);
            sender.send(List.of(sent));
            await().until(sent::reported);
            assertThat(sent.reason).isEqualTo(Reason.UNROUTABLE);
            assertThat(sent.detail).contains(Delays.ENTRY);
            await().until(() -> !sender.usable());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void delaysThatDifferAreReportedWithEveryFieldThatDoes(String version) throws Exception {
        try (Broker broker = openAlone(version, "differs");
                Channel channel = channel(broker)) {
            TestQueue queue = TestQueue.undeclared(broker, 5);
            Map<String, Object> arguments = new HashMap<>(Delays.arguments(3));
            arguments.put("x-message-ttl", 77);
            arguments.put("x-dead-letter-exchange", "elsewhere");
            channel.queueDeclare(Delays.level(3), true, false, false, arguments);
            for (int round = 0; round < 2; round++) {
                TopologyException differs = differs(broker, queue, TopologyMode.DECLARE);
                assertThat(differs).hasMessageContaining("queue 'waybill.delay-3'");
                assertThat(differs.differences())
                        .extracting(Difference::toString)
                        .containsExactlyInAnyOrder(
                                "x-message-ttl is declared as 801 but is 77",
                                "x-dead-letter-exchange is declared as waybill.delay-2 but is elsewhere");
            }
            channel.queueDelete(Delays.level(3));
            channel.exchangeDelete(Delays.level(1));
            channel.exchangeDeclare(Delays.level(1), "fanout", false);
            TopologyException differs = differs(broker, queue, TopologyMode.DECLARE);
            assertThat(differs).hasMessageContaining("exchange 'waybill.delay-1'");
            assertThat(differs.differences())
                    .extracting(Difference::toString)
                    .containsExactlyInAnyOrder(
                            "type is declared as topic but is fanout", "durable is declared as true but is false");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void toVerifyCreatesNoDelaysAndSaysWhichAreMissing(String version) throws Exception {
        try (Broker broker = openAlone(version, "verify");
                Channel channel = channel(broker)) {
            TestQueue queue = TestQueue.declared(broker, 5);
            broker.declare(queue.definition, TopologyMode.VERIFY);
            try (Broker another = openAgain(version, "verify")) {
                channel.queueDelete(Delays.level(5));
                assertThat(differs(another, queue, TopologyMode.VERIFY))
                        .hasMessageContaining("queue 'waybill.delay-5'");
                assertThat(differs(another, queue, TopologyMode.VERIFY))
                        .hasMessageContaining("queue 'waybill.delay-5'");
                another.declare(queue.definition, TopologyMode.DECLARE);
                another.declare(queue.definition, TopologyMode.VERIFY);
            }
            try (Broker another = openAgain(version, "verify")) {
                channel.exchangeDelete(Delays.ENTRY);
                assertThat(differs(another, queue, TopologyMode.VERIFY))
                        .hasMessageContaining("exchange 'waybill.delay'");
                another.declare(queue.definition, TopologyMode.DECLARE);
                List<Sent> messages = List.of(message(1, 100));
                assertWholeAndInTime(messages, arrivals(queue, messages), 2000);
            }
        }
    }

    private static Broker openAgain(String version, String host) {
        return new RabbitMqBrokerProvider().open(new TestContext(server(version).uri() + "/" + host));
    }

    private static TopologyException differs(Broker broker, TestQueue queue, TopologyMode mode) {
        return catchThrowableOfType(TopologyException.class, () -> broker.declare(queue.definition, mode));
    }
}
