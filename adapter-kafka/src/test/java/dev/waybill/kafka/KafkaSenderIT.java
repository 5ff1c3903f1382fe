package dev.waybill.kafka;

import static dev.waybill.kafka.TestQueue.receive;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.Sender;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sending, on the seam, against a real broker. */
class KafkaSenderIT {
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
    void every_message_of_many_calls_is_reported_once_and_kept_in_order() {
        TestQueue queue = TestQueue.declared(broker, "many", 5, LOCK);
        List<Sent> all =
                IntStream.range(0, 5000).mapToObj(i -> Sent.text("m" + i)).toList();
        try (Sender sender = queue.sender()) {
            for (int i = 0; i < all.size(); i += 100) {
                sender.send(all.subList(i, i + 100));
            }
            await().until(() -> all.stream().allMatch(Sent::reported));
        }
        assertThat(all).allMatch(sent -> sent.stored && sent.reports.get() == 1);
        try (Receiver receiver = queue.receiver(2000)) {
            assertThat(receive(receiver, 2000).stream().map(m -> m.envelope().id()))
                    .containsExactlyElementsOf(
                            IntStream.range(0, 2000).mapToObj(i -> "m" + i).toList());
        }
    }

    @Test
    void a_message_that_is_too_large_is_refused_and_its_neighbours_are_stored() {
        TestQueue queue = TestQueue.declared(broker, "large", 5, LOCK);
        int limit = (int) broker.limits().maxMessageBytes();
        Sent atLimit = sized("at-limit", limit);
        Sent over = sized("over", limit + 100_000);
        queue.send(List.of(Sent.text("before"), atLimit, over));
        assertThat(atLimit.envelope.size()).isEqualTo(limit);
        assertThat(atLimit.stored).as("%s", atLimit).isTrue();
        assertThat(over.reason).isEqualTo(Reason.TOO_LARGE);
        assertThat(over.maybeStored).isFalse();
    }

    private static Sent sized(String id, int size) {
        int overhead = (int) new Envelope(id, null, null, 0, Map.of(), new byte[0]).size();
        return new Sent(new Envelope(id, null, null, 0, Map.of(), new byte[size - overhead]));
    }

    @Test
    void a_topic_that_is_missing_is_unroutable_and_is_not_created() {
        TestQueue queue = TestQueue.undeclared(broker, "unroutable", 5, LOCK);
        try (Sender sender = queue.sender()) {
            List<Sent> batch = List.of(Sent.text("a"), Sent.text("b"));
            sender.send(batch);
            await().until(() -> batch.stream().allMatch(Sent::reported));
            assertThat(batch)
                    .allMatch(sent -> sent.reason == Reason.UNROUTABLE && !sent.maybeStored && sent.reports.get() == 1);
            assertThat(topics()).doesNotContain(queue.definition.name());

            broker.declare(queue.definition, dev.waybill.TopologyMode.DECLARE);
            List<Sent> later = List.of(Sent.text("c"));
            sender.send(later);
            await().untilAsserted(() -> assertThat(later).allMatch(sent -> sent.stored));
        }
    }

    private static java.util.Set<String> topics() {
        try {
            return broker.unwrap(Admin.class).orElseThrow().listTopics().names().get();
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }

    @Test
    void a_closed_sender_refuses() {
        TestQueue queue = TestQueue.declared(broker, "closed", 5, LOCK);
        Sender sender = queue.sender();
        assertThat(sender.usable()).isTrue();
        sender.close();
        sender.close();
        assertThat(sender.usable()).isFalse();
        Sent late = Sent.text("late");
        sender.send(List.of(late));
        assertThat(late.reason).isEqualTo(Reason.CLOSED);
        assertThat(late.maybeStored).isFalse();
    }
}
