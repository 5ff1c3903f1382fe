package dev.waybill.kafka;

import static dev.waybill.kafka.TestQueue.accept;
import static dev.waybill.kafka.TestQueue.awaitSettled;
import static dev.waybill.kafka.TestQueue.receive;
import static dev.waybill.kafka.TestQueue.receiveOne;
import static dev.waybill.kafka.TestQueue.settle;
import static dev.waybill.kafka.TestQueue.whatComesWithin;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Browser;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Dead letters that the broker itself makes, of messages whose consumers die; and how they are looked at. */
class KafkaDeadLetterIT {
    private static final Duration LOCK = Duration.ofSeconds(20);

    private static Broker broker;

    @BeforeAll
    static void open() {
        broker = new KafkaBrokerProvider().open(new TestContext(Cluster.uri()));
    }

    @AfterAll
    static void close() {
        broker.close();
    }

    @Test
    void a_message_whose_consumers_die_becomes_a_dead_letter_at_the_limit_of_its_group() {
        TestQueue queue = TestQueue.declared(broker, "deaths", 3, LOCK);
        Envelope sent = new Envelope("the-id", "the-key", "a/b", 99, Map.of("color", "red"), "poison".getBytes(UTF_8));
        queue.send(List.of(new Sent(sent)));
        for (int delivery = 1; delivery <= queue.definition.wideLimit(); delivery++) {
            try (Receiver receiver = queue.receiver(1)) {
                assertThat(receiveOne(receiver).deliveryCount()).isEqualTo(delivery);
            }
        }
        try (Receiver receiver = queue.receiver(1);
                Receiver deadLetters = queue.deadLetterReceiver()) {
            Inbound dead = receiveOne(deadLetters);
            assertThat(dead.envelope().id()).isEqualTo("the-id");
            assertThat(dead.envelope().key()).isEqualTo("the-key");
            assertThat(dead.envelope().contentType()).isEqualTo("a/b");
            assertThat(dead.envelope().sentAtMillis()).isEqualTo(99);
            assertThat(dead.envelope().body()).isEqualTo(sent.body());
            assertThat(dead.envelope().headers())
                    .containsEntry("color", "red")
                    .containsEntry(DeadLetterHeaders.QUEUE, queue.definition.name())
                    .containsEntry(DeadLetterHeaders.DELIVERIES, "6")
                    .containsKeys(DeadLetterHeaders.REASON, DeadLetterHeaders.TIME)
                    .allSatisfy((name, value) -> assertThat(name).doesNotStartWith("__dlq"));
            assertThat(dead.defect()).isNull();
            accept(deadLetters, List.of(dead));
            assertThat(whatComesWithin(receiver, Duration.ofSeconds(1))).isEmpty();
        }
    }

    @Test
    void a_dead_letter_that_is_looked_at_more_often_than_a_group_may_still_comes_again() {
        TestQueue queue = TestQueue.declared(broker, "looked-at", 2, LOCK);
        queue.send(0, 1);
        try (Receiver receiver = queue.receiver(1)) {
            for (int i = 0; i < queue.definition.wideLimit(); i++) {
                awaitSettled(settle(receiver, receiveOne(receiver), Disposition.RETRY));
            }
        }
        try (Receiver deadLetters = queue.deadLetterReceiver()) {
            int highest = 25;
            for (int look = 1; look <= highest + 3; look++) {
                Inbound dead = receiveOne(deadLetters);
                assertThat(dead.envelope().id()).isEqualTo("m0");
                assertThat(dead.deliveryCount()).isEqualTo(look);
                awaitSettled(settle(deadLetters, dead, Disposition.RELEASE));
            }
            accept(deadLetters, List.of(receiveOne(deadLetters)));
        }
    }

    private static void sendDead(TestQueue queue, int count) {
        List<Sent> letters =
                IntStream.range(0, count).mapToObj(i -> Sent.text("m" + i)).toList();
        try (Sender sender = queue.deadLetterSender()) {
            sender.send(letters);
            await().atMost(TestQueue.PATIENCE)
                    .untilAsserted(() -> assertThat(letters).allMatch(sent -> sent.stored));
        }
    }

    private static List<String> look(TestQueue queue) throws InterruptedException {
        List<String> ids = new ArrayList<>();
        try (Browser browser = broker.browser(queue.deadLetters())) {
            for (List<Envelope> page = browser.next(100); !page.isEmpty(); page = browser.next(100)) {
                page.forEach(envelope -> ids.add(envelope.id()));
            }
        }
        return ids;
    }

    private static List<String> ids(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "m" + i).toList();
    }

    @Test
    void to_look_comes_to_the_end_however_far_it_is_and_neither_locks_nor_counts() throws InterruptedException {
        TestQueue queue = TestQueue.declared(broker, "looked-through", 2, LOCK);
        sendDead(queue, 3000);
        assertThat(look(queue)).containsExactlyElementsOf(ids(0, 3000));
        try (Browser browser = broker.browser(queue.deadLetters());
                Receiver deadLetters = queue.deadLetterReceiver()) {
            assertThat(browser.next(1)).hasSize(1);
            Inbound first = receiveOne(deadLetters);
            assertThat(first.envelope().id()).isEqualTo("m0");
            assertThat(first.deliveryCount()).isEqualTo(1);
            assertThat(first.redelivered()).isFalse();
        }
    }

    @Test
    void what_is_done_with_is_not_seen() throws InterruptedException {
        TestQueue queue = TestQueue.declared(broker, "partly-done", 2, LOCK);
        assertThat(look(queue)).isEmpty();
        sendDead(queue, 60);
        try (Receiver deadLetters = broker.receiver(queue.deadLetters(), new ReceiverOptions(100))) {
            List<Inbound> letters = receive(deadLetters, 60);
            accept(deadLetters, letters.subList(0, 20));
            accept(deadLetters, letters.subList(30, 40));
        }
        List<String> left = new ArrayList<>(ids(20, 30));
        left.addAll(ids(40, 60));
        assertThat(look(queue)).containsExactlyInAnyOrderElementsOf(left);
        try (Receiver deadLetters = broker.receiver(queue.deadLetters(), new ReceiverOptions(100))) {
            List<Inbound> letters = receive(deadLetters, 30);
            accept(deadLetters, letters.subList(0, 10));
            accept(deadLetters, letters.subList(10, 30));
        }
        assertThat(look(queue)).isEmpty();
        sendDead(queue, 10);
        assertThat(look(queue)).containsExactlyElementsOf(ids(0, 10));
    }

    @Test
    void to_look_for_what_does_not_exist_fails_and_names_it() {
        TestQueue missing = TestQueue.undeclared(broker, "missing", 2, LOCK);
        assertThatThrownBy(() -> look(missing))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("dlq." + missing.definition.name());
    }
}
