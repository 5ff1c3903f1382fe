package dev.waybill.kafka;

import static dev.waybill.kafka.TestQueue.accept;
import static dev.waybill.kafka.TestQueue.awaitSettled;
import static dev.waybill.kafka.TestQueue.receiveOne;
import static dev.waybill.kafka.TestQueue.settle;
import static dev.waybill.kafka.TestQueue.whatComesWithin;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Dead letters that the broker itself makes, of messages whose consumers die. */
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
}
