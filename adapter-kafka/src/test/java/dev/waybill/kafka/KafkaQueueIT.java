package dev.waybill.kafka;

import static dev.waybill.kafka.TestQueue.accept;
import static dev.waybill.kafka.TestQueue.awaitLost;
import static dev.waybill.kafka.TestQueue.awaitSettled;
import static dev.waybill.kafka.TestQueue.receive;
import static dev.waybill.kafka.TestQueue.receiveOne;
import static dev.waybill.kafka.TestQueue.settle;
import static dev.waybill.kafka.TestQueue.whatComesWithin;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Receiving and settling, on the seam, against a real broker. */
class KafkaQueueIT {
    private static final Duration LOCK = Duration.ofSeconds(20);
    private static final Duration SHORT_LOCK = Duration.ofSeconds(2);

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
    void what_was_sent_before_the_first_consumer_came_is_received_in_order_and_whole() {
        TestQueue queue = TestQueue.declared(broker, "whole", 5, LOCK);
        Sent first = new Sent(new Envelope(
                "id-ä",
                "key-ö",
                "text/plain",
                1234,
                Map.of("a", "ü", "waybill-death-reason", "x"),
                "body".getBytes(UTF_8)));
        Sent second = new Sent(new Envelope("id-2", null, null, 0, Map.of(), new byte[0]));
        queue.send(List.of(first, second));
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> received = receive(receiver, 2);
            assertThat(received.get(0).envelope()).usingRecursiveComparison().isEqualTo(first.envelope);
            assertThat(received.get(1).envelope()).usingRecursiveComparison().isEqualTo(second.envelope);
            assertThat(received).allSatisfy(message -> {
                assertThat(message.deliveryCount()).isEqualTo(1);
                assertThat(message.redelivered()).isFalse();
                assertThat(message.defect()).isNull();
                assertThat(message.lost()).isFalse();
            });
            accept(receiver, received);
        }
    }

    @Test
    void an_accepted_message_never_comes_again_and_a_returned_one_comes_with_its_count() {
        TestQueue queue = TestQueue.declared(broker, "dispositions", 5, LOCK);
        queue.send(0, 3);
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> received = receive(receiver, 3);
            awaitSettled(settle(receiver, received.get(0), Disposition.ACCEPT));
            awaitSettled(settle(receiver, received.get(1), Disposition.RETRY));
            awaitSettled(settle(receiver, received.get(2), Disposition.RELEASE));
            List<Inbound> again = receive(receiver, 2);
            assertThat(again).extracting(m -> m.envelope().id()).containsExactlyInAnyOrder("m1", "m2");
            assertThat(again).allMatch(m -> m.deliveryCount() == 2 && m.redelivered());
            accept(receiver, again);
            assertThat(whatComesWithin(receiver, Duration.ofSeconds(1))).isEmpty();
        }
    }

    @Test
    void what_was_settled_when_the_queue_ran_dry_is_reported_and_the_next_comes_in_order() {
        TestQueue queue = TestQueue.declared(broker, "dry", 5, LOCK);
        // Two polls, each of a batch of its own.
        queue.send(0, 500);
        queue.send(500, 1000);
        try (Receiver receiver = queue.receiver(1000)) {
            List<Inbound> all = receive(receiver, 1000);
            // The other half is held, so that nobody else polls, and there is nothing more to poll.
            accept(receiver, all.subList(0, 500));
            accept(receiver, all.subList(500, 1000));
            queue.send(1000, 1500);
            List<Inbound> next = receive(receiver, 500);
            assertThat(next)
                    .extracting(m -> m.envelope().id())
                    .containsExactlyElementsOf(
                            IntStream.range(1000, 1500).mapToObj(i -> "m" + i).toList());
            accept(receiver, next);
        }
        try (Receiver another = queue.receiver(1000)) {
            assertThat(whatComesWithin(another, Duration.ofSeconds(1))).isEmpty();
        }
    }

    @Test
    void one_producer_and_one_consumer_keep_the_order() {
        TestQueue queue = TestQueue.declared(broker, "order", 5, LOCK);
        queue.send(0, 500);
        List<String> ids = new ArrayList<>();
        try (Receiver receiver = queue.receiver(20)) {
            while (ids.size() < 500) {
                List<Inbound> received = receive(receiver, 1);
                received.forEach(m -> ids.add(m.envelope().id()));
                accept(receiver, received);
            }
        }
        assertThat(ids)
                .containsExactlyElementsOf(
                        IntStream.range(0, 500).mapToObj(i -> "m" + i).toList());
    }

    @Test
    void one_slow_message_holds_up_none_of_those_sent_after_it() {
        TestQueue queue = TestQueue.declared(broker, "slow", 5, LOCK);
        queue.send(0, 1);
        try (Receiver receiver = queue.receiver(4)) {
            Inbound slow = receiveOne(receiver);
            queue.send(1, 51);
            for (int i = 0; i < 50; i++) {
                accept(receiver, receive(receiver, 1));
            }
            assertThat(slow.lost()).isFalse();
            awaitSettled(settle(receiver, slow, Disposition.ACCEPT));
        }
    }

    @Test
    void as_many_slow_messages_as_the_prefetch_less_one_hold_up_nothing() {
        TestQueue queue = TestQueue.declared(broker, "slow-many", 5, LOCK);
        queue.send(0, 9);
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> slow = receive(receiver, 9);
            for (int round = 0; round < 5; round++) {
                queue.send(10 + round, 11 + round);
                accept(receiver, receive(receiver, 1));
            }
            accept(receiver, slow);
        }
    }

    @Test
    void no_more_is_fetched_than_the_prefetch_and_one_poll() {
        TestQueue queue = TestQueue.declared(broker, "bounded", 5, LOCK);
        queue.send(0, 100);
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> received = new ArrayList<>(receive(receiver, 10));
            received.addAll(whatComesWithin(receiver, Duration.ofSeconds(1)));
            assertThat(received).hasSizeBetween(10, 14);
        }
    }

    @Test
    void an_extended_lock_outlasts_its_duration() {
        TestQueue queue = TestQueue.declared(broker, "extend", 5, SHORT_LOCK);
        queue.send(0, 3);
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> received = receive(receiver, 3);
            try (Receiver other = queue.receiver(10)) {
                for (int i = 0; i < 6; i++) {
                    assertThat(whatComesWithin(other, Duration.ofMillis(600))).isEmpty();
                    List<Holding> held = received.stream()
                            .map(m -> new Holding(m, Disposition.ACCEPT))
                            .toList();
                    receiver.extend(held);
                    await().untilAsserted(() -> assertThat(held).allMatch(h -> h.extended.get() == 1));
                }
                accept(receiver, received);
                assertThat(whatComesWithin(other, SHORT_LOCK.plusSeconds(1))).isEmpty();
            }
        }
    }

    @Test
    void a_lock_that_runs_out_is_lost_and_the_message_comes_again() {
        TestQueue queue = TestQueue.declared(broker, "expire", 5, SHORT_LOCK);
        queue.send(0, 1);
        try (Receiver receiver = queue.receiver(10)) {
            Inbound first = receiveOne(receiver);
            assertThat(first.lockedUntilNanos() - System.nanoTime()).isBetween(1L, SHORT_LOCK.toNanos());
            Inbound second = receiveOne(receiver);
            assertThat(second.envelope().id()).isEqualTo("m0");
            assertThat(second.deliveryCount()).isEqualTo(2);
            assertThat(first.lost()).isTrue();
            awaitLost(settle(receiver, first, Disposition.ACCEPT));
            awaitSettled(settle(receiver, second, Disposition.ACCEPT));
        }
    }

    @Test
    void a_lock_that_nobody_extends_ends_even_if_its_neighbours_are_extended() {
        TestQueue queue = TestQueue.declared(broker, "neighbours", 5, SHORT_LOCK);
        queue.send(0, 2);
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> received = receive(receiver, 2);
            Inbound kept = received.get(0);
            Inbound forgotten = received.get(1);
            List<Inbound> again = new ArrayList<>();
            await().atMost(TestQueue.PATIENCE).until(() -> {
                receiver.extend(List.of(new Holding(kept, Disposition.ACCEPT)));
                again.addAll(receiver.receive(1, Duration.ofMillis(300)));
                return !again.isEmpty();
            });
            assertThat(again.get(0).envelope().id()).isEqualTo("m1");
            assertThat(again.get(0).deliveryCount()).isEqualTo(2);
            assertThat(forgotten.lost()).isTrue();
            assertThat(kept.lost()).isFalse();
            accept(receiver, List.of(kept, again.get(0)));
        }
    }

    @Test
    void closing_gives_back_what_was_not_settled_and_carries_out_what_was() {
        TestQueue queue = TestQueue.declared(broker, "close", 5, LOCK);
        queue.send(0, 20);
        Receiver first = queue.receiver(10);
        List<Inbound> received = receive(first, 4);
        Holding settled = settle(first, received.get(0), Disposition.ACCEPT);
        first.close();
        assertThat(settled.settled).hasValue(1);
        assertThat(received.subList(1, 4)).allMatch(Inbound::lost);
        awaitLost(settle(first, received.get(1), Disposition.ACCEPT));
        try (Receiver second = queue.receiver(100)) {
            long began = System.nanoTime();
            List<Inbound> rest = receive(second, 19);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
            assertThat(rest)
                    .extracting(m -> m.envelope().id())
                    .doesNotContain("m0")
                    .doesNotHaveDuplicates();
            accept(second, rest);
        }
    }

    @Test
    void a_paused_receiver_hands_over_nothing_and_keeps_what_it_has() throws Exception {
        TestQueue queue = TestQueue.declared(broker, "pause", 5, SHORT_LOCK);
        try (Receiver receiver = queue.receiver(10)) {
            assertThat(receiver.receive(1, Duration.ofMillis(500))).isEmpty();
            CompletableFuture<List<Inbound>> waiting = CompletableFuture.supplyAsync(() -> {
                try {
                    return receiver.receive(1, Duration.ofSeconds(20));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            receiver.pause();
            assertThat(waiting.get(2, TimeUnit.SECONDS)).isEmpty();
            queue.send(0, 3);
            assertThat(whatComesWithin(receiver, SHORT_LOCK.multipliedBy(2))).isEmpty();
            receiver.resume();
            List<Inbound> received = receive(receiver, 3);
            assertThat(received).allMatch(m -> m.deliveryCount() == 1 && !m.lost());
            accept(receiver, received);
        }
    }

    @Test
    void a_stopped_receiver_hands_over_what_it_has_fetched_and_no_more() throws Exception {
        TestQueue queue = TestQueue.declared(broker, "stop", 5, LOCK);
        queue.send(0, 8);
        try (Receiver receiver = queue.receiver(10)) {
            Inbound handled = receiveOne(receiver);
            List<Inbound> left = receiver.stop();
            assertThat(left).isNotEmpty();
            left.forEach(message -> settle(receiver, message, Disposition.RELEASE));
            assertThat(receiver.receive(1, Duration.ofSeconds(5))).isEmpty();
            // Only now, or it might have been the first to poll.
            try (Receiver other = queue.receiver(10)) {
                List<Inbound> rest = receive(other, 7);
                assertThat(rest)
                        .extracting(m -> m.envelope().id())
                        .doesNotContain(handled.envelope().id());
                assertThat(handled.lost()).isFalse();
                awaitSettled(settle(receiver, handled, Disposition.ACCEPT));
                queue.send(8, 9);
                accept(other, rest);
                accept(other, receive(other, 1));
            }
        }
    }

    @Test
    void a_larger_prefetch_takes_effect_while_receiving() {
        TestQueue queue = TestQueue.declared(broker, "prefetch", 5, Duration.ofSeconds(30));
        queue.send(0, 200);
        try (Receiver receiver = queue.receiver(1)) {
            List<Inbound> received = new ArrayList<>(receive(receiver, 1));
            assertThat(whatComesWithin(receiver, Duration.ofMillis(500))).isEmpty();
            receiver.prefetch(100);
            received.addAll(receive(receiver, 99));
            accept(receiver, received);
            accept(receiver, receive(receiver, 100));
        }
    }

    @Test
    void messages_go_to_one_of_several_receivers() {
        TestQueue queue = TestQueue.declared(broker, "competing", 5, LOCK);
        queue.send(0, 300);
        List<String> ids = new ArrayList<>();
        try (Receiver one = queue.receiver(10);
                Receiver two = queue.receiver(10)) {
            await().atMost(TestQueue.PATIENCE).until(() -> {
                for (Receiver receiver : List.of(one, two)) {
                    List<Inbound> received = receiver.receive(10, Duration.ofMillis(20));
                    received.forEach(m -> ids.add(m.envelope().id()));
                    accept(receiver, received);
                }
                return ids.size() >= 300;
            });
        }
        assertThat(ids).doesNotHaveDuplicates().hasSize(300);
    }

    @Test
    void what_other_software_wrote_is_received_and_stops_nothing() throws Exception {
        TestQueue queue = TestQueue.declared(broker, "foreign", 5, LOCK);
        String topic = queue.definition.name();
        byte[] notUtf8 = {(byte) 0xC3, 0x28};
        try (Producer<byte[], byte[]> foreign = new KafkaProducer<>(
                Map.of("bootstrap.servers", Cluster.uri().substring("kafka://".length())),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            foreign.send(new ProducerRecord<>(topic, notUtf8, null));
            ProducerRecord<byte[], byte[]> huge = new ProducerRecord<>(topic, "huge".getBytes(UTF_8));
            huge.headers().add("big", new byte[500_000]);
            foreign.send(huge);
            ProducerRecord<byte[], byte[]> forged = new ProducerRecord<>(topic, "forged".getBytes(UTF_8));
            forged.headers().add("waybill-id", notUtf8);
            foreign.send(forged).get();
        }
        queue.send(0, 1);
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> received = receive(receiver, 4);
            assertThat(received.get(0).envelope().body()).isEmpty();
            assertThat(received.get(0).envelope().id()).isEqualTo(topic + "-0-0");
            assertThat(received.get(1).envelope().headers().get("big")).hasSize(500_000);
            assertThat(received.get(2).defect()).contains("waybill-id");
            assertThat(received.get(2).envelope().body()).isEqualTo("forged".getBytes(UTF_8));
            assertThat(received.get(3).envelope().id()).isEqualTo("m0");
            accept(receiver, received);
        }
    }

    @Test
    void a_topic_that_is_deleted_ends_its_receiver() throws Exception {
        TestQueue queue = TestQueue.declared(broker, "deleted", 5, LOCK);
        try (Receiver receiver = queue.receiver(10)) {
            assertThat(receiver.receive(1, Duration.ofMillis(500))).isEmpty();
            Admin admin = broker.unwrap(Admin.class).orElseThrow();
            admin.deleteTopics(List.of(queue.definition.name())).all().get();
            await().atMost(TestQueue.PATIENCE)
                    .untilAsserted(() -> assertThatThrownBy(() -> receiver.receive(1, Duration.ofMillis(100)))
                            .isInstanceOfSatisfying(
                                    BrokerException.class,
                                    gone -> assertThat(gone.kind()).isEqualTo(BrokerException.Kind.MISSING)));
        }
    }

    @Test
    void a_topic_of_several_partitions_is_received_whole_past_a_slow_message() {
        Broker wide = new KafkaBrokerProvider().open(new TestContext(Cluster.uri()).setting("partitions", "4"));
        try {
            TestQueue queue = TestQueue.declared(wide, "wide", 5, LOCK);
            List<Sent> batch = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                batch.add(new Sent(new Envelope("m" + i, "k" + i, null, 0, Map.of(), new byte[10])));
            }
            try (Receiver receiver = queue.receiver(10)) {
                queue.send(batch.subList(0, 1));
                Inbound slow = receiveOne(receiver);
                queue.send(batch.subList(1, 200));
                for (int i = 1; i < 200; i++) {
                    accept(receiver, receive(receiver, 1));
                    keep(receiver, slow);
                }
                awaitSettled(settle(receiver, slow, Disposition.ACCEPT));
            }
        } finally {
            wide.close();
        }
    }

    /** As who handles it does when half of its lock has run. */
    private static void keep(Receiver receiver, Inbound slow) {
        if (slow.lockedUntilNanos() - System.nanoTime() < LOCK.toNanos() / 2) {
            Holding held = new Holding(slow, Disposition.ACCEPT);
            receiver.extend(List.of(held));
            await().untilAsserted(() -> assertThat(held.extended).hasValue(1));
        }
    }
}
