package dev.waybill.rabbitmq;

import static dev.waybill.rabbitmq.TestQueue.accept;
import static dev.waybill.rabbitmq.TestQueue.awaitSettled;
import static dev.waybill.rabbitmq.TestQueue.receiveOne;
import static dev.waybill.rabbitmq.TestQueue.settle;
import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import dev.waybill.DeadLetterHeaders;
import dev.waybill.RetryPolicy;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Browser;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a dead letter tells, whoever moved it. */
class DeathsIT {
    private static final int MOST = 4;

    @RegisterExtension
    static final SharedServer NEWER = new SharedServer("4.3");

    @RegisterExtension
    static final SharedServer OLDER = new SharedServer("4.0");

    private static Broker open(String version) {
        SharedServer server = version.equals("4.0") ? OLDER : NEWER;
        return new RabbitMqBrokerProvider().open(new TestContext(server.get().uri()));
    }

    private static Sent message() {
        return new Sent(new Envelope(
                "m", "k", "text/plain", 77, Map.of("h", "v", "x-death", "mine"), "b".getBytes(StandardCharsets.UTF_8)));
    }

    /** Lets the server move the one message of the queue, by its limit. */
    private static void die(TestQueue queue) {
        try (Receiver receiver = queue.receiver(1)) {
            for (int delivery = 1; delivery <= MOST; delivery++) {
                awaitSettled(settle(receiver, receiveOne(receiver), Disposition.RETRY));
            }
        }
    }

    private static Map<String, String> told(Envelope letter) {
        return letter.headers().entrySet().stream()
                .filter(header -> header.getKey().startsWith("waybill-death-"))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static void assertMovedByTheServer(Envelope letter, TestQueue queue, long sinceMillis) {
        Map<String, String> told = told(letter);
        assertThat(told)
                .containsEntry(DeadLetterHeaders.REASON, "moved by RabbitMQ: delivery_limit")
                .containsEntry(DeadLetterHeaders.QUEUE, queue.name())
                .containsEntry(DeadLetterHeaders.DELIVERIES, "" + MOST);
        // Whole seconds.
        assertThat(Long.parseLong(told.get(DeadLetterHeaders.TIME)))
                .isBetween(sinceMillis / 1000 * 1000, System.currentTimeMillis());
        assertThat(letter.headers()).containsEntry("h", "v").containsEntry("x-death", "mine");
        assertThat(letter.headers()).hasSize(told.size() + 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void whatTheServerMovedTellsWhatTheServerKnowsHoweverOftenItIsLookedAt(String version) throws Exception {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.declared(broker, MOST);
            long start = System.currentTimeMillis();
            queue.send(List.of(message()));
            die(queue);
            for (int look = 0; look < MOST; look++) {
                try (Browser browser = broker.browser(queue.deadLetters())) {
                    assertMovedByTheServer(browser.next(10).get(0), queue, start);
                }
            }
            try (Receiver dead = queue.deadLetterReceiver()) {
                for (int delivery = 0; delivery < 2 * MOST; delivery++) {
                    Inbound letter = receiveOne(dead);
                    assertMovedByTheServer(letter.envelope(), queue, start);
                    awaitSettled(settle(dead, letter, Disposition.RETRY));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void howOftenItWasDeliveredIsNotToldWhereTheLimitMayBeAnother(String version) throws Exception {
        try (Broker broker = open(version);
                Broker another = open(version)) {
            TestQueue queue = TestQueue.declared(broker, MOST);
            queue.send(List.of(message()));
            die(queue);
            try (Receiver dead = queue.with(another, RetryPolicy.DEFAULT).deadLetterReceiver()) {
                assertThat(told(receiveOne(dead).envelope()))
                        .containsOnlyKeys(DeadLetterHeaders.REASON, DeadLetterHeaders.QUEUE, DeadLetterHeaders.TIME);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void aDelayedMessageThatTheServerMovedDiedInItsQueue(String version) {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.declared(broker, MOST);
            long start = System.currentTimeMillis();
            queue.send(List.of(message().delayed(700)));
            die(queue);
            try (Receiver dead = queue.deadLetterReceiver()) {
                assertMovedByTheServer(receiveOne(dead).envelope(), queue, start + 700);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void whatCoreMovedKeepsWhatItHasAlsoIfItDiedAndWasDelayedBefore(String version) {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.declared(broker, MOST);
            queue.send(List.of(message()));
            die(queue);
            try (Receiver dead = queue.deadLetterReceiver();
                    Receiver receiver = queue.receiver(1)) {
                Inbound letter = receiveOne(dead);
                // Redriven as it is, after a delay, and moved by core.
                queue.send(List.of(new Sent(letter.envelope(), 100)));
                accept(dead, List.of(letter));
                Inbound redriven = receiveOne(receiver);
                Map<String, String> headers = Map.of("h", "v", DeadLetterHeaders.REASON, "no stock");
                Envelope copy = new Envelope(
                        "m", "k", "text/plain", 77, headers, redriven.envelope().body());
                queue.sendDead(List.of(new Sent(copy)));
                accept(receiver, List.of(redriven));
                assertThat(receiveOne(dead).envelope()).matches(back -> Envelopes.same(back, copy));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void whatOthersMovedWithTheirHeadersTellsOfTheLastDeathOnly(String version) throws Exception {
        try (Broker broker = open(version);
                Channel channel = broker.unwrap(Connection.class).orElseThrow().createChannel()) {
            TestQueue queue = TestQueue.declared(broker, MOST);
            TestQueue other = TestQueue.declared(broker, MOST);
            long start = System.currentTimeMillis();
            queue.send(List.of(message()));
            die(queue);
            // To the dead letters of another queue, where it did not die.
            move(channel, queue.deadLetterName(), other.deadLetterName());
            try (Receiver dead = other.deadLetterReceiver()) {
                Inbound letter = receiveOne(dead);
                assertThat(told(letter.envelope())).isEmpty();
                awaitSettled(settle(dead, letter, Disposition.RETRY));
            }
            // To that queue, to live there again, and then die.
            move(channel, other.deadLetterName(), other.name());
            try (Receiver receiver = other.receiver(1)) {
                assertThat(told(receiveOne(receiver).envelope())).isEmpty();
            }
            dieOnceMore(other);
            try (Receiver dead = other.deadLetterReceiver()) {
                assertMovedByTheServer(receiveOne(dead).envelope(), other, start);
            }
        }
    }

    /** One delivery was its receiver's, which ended with it. */
    private static void dieOnceMore(TestQueue queue) {
        List<Integer> deliveries = new ArrayList<>();
        try (Receiver receiver = queue.receiver(1)) {
            while (deliveries.size() < MOST - 1) {
                Inbound received = receiveOne(receiver);
                deliveries.add(received.deliveryCount());
                awaitSettled(settle(receiver, received, Disposition.RETRY));
            }
        }
        assertThat(deliveries).containsExactly(2, 3, 4);
    }

    /** As a shovel does. */
    private static void move(Channel channel, String from, String to) throws Exception {
        channel.confirmSelect();
        GetResponse[] got = new GetResponse[1];
        Awaitility.await().atMost(TestQueue.PATIENCE).until(() -> {
            got[0] = channel.basicGet(from, false);
            return got[0] != null;
        });
        AMQP.BasicProperties properties = got[0].getProps();
        channel.basicPublish("", to, true, properties, got[0].getBody());
        channel.waitForConfirmsOrDie(TestQueue.PATIENCE.toMillis());
        channel.basicAck(got[0].getEnvelope().getDeliveryTag(), false);
    }
}
