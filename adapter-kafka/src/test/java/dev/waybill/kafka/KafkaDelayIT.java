package dev.waybill.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.waybill.Health;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException.Reason;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Messages that wait, on the seam, against a real broker. */
class KafkaDelayIT {
    private static final RetryPolicy RETRY = RetryPolicy.exponential(Duration.ofMillis(200), Duration.ofSeconds(8));
    private static final Duration LATE = Duration.ofMillis(800);

    private static Broker broker;
    private static Broker other;

    @BeforeAll
    static void open() {
        broker = new KafkaBrokerProvider().open(new TestContext(Cluster.uri()));
        other = new KafkaBrokerProvider().open(new TestContext(Cluster.uri()));
    }

    @AfterAll
    static void close() {
        broker.close();
        other.close();
    }

    /** A pump takes a moment to join its group, which the first messages would be late by. */
    private static void warm(TestQueue queue, Arrivals arrivals) {
        queue.send(List.of(Sent.delayed("first", 50)));
        arrivals.await(1, TestQueue.PATIENCE);
        arrivals.all().clear();
    }

    @Test
    void each_comes_in_its_time() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "in-time", RETRY);
        try (Receiver receiver = queue.receiver(100);
                Arrivals arrivals = new Arrivals(receiver)) {
            warm(queue, arrivals);
            Random random = new Random(7);
            List<Sent> sent = LongStream.concat(
                            LongStream.of(6000, 3000, 1, 100, 128, 129, 200, 256, 500, 1000, 1024, 1500, 2047, 2049),
                            random.longs(40, 50, 5000))
                    .mapToObj(millis -> Sent.delayed("d" + millis, millis))
                    .toList();
            for (Sent one : sent) {
                queue.send(List.of(one));
            }
            arrivals.await(sent.size(), Duration.ofSeconds(20));
            arrivals.assertEachOnce(sent);
            arrivals.assertUnflagged();
            arrivals.assertInTime("54 one by one", sent, LATE);
        }
    }

    @Test
    void thousands_at_once_come_each_once_and_in_time() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "thousands", RETRY);
        try (Receiver receiver = queue.receiver(1000);
                Arrivals arrivals = new Arrivals(receiver)) {
            warm(queue, arrivals);
            Random random = new Random(11);
            List<Sent> sent = IntStream.range(0, 10_000)
                    .mapToObj(i -> Sent.delayed("m" + i, random.nextLong(100, 4000)))
                    .toList();
            queue.send(sent);
            arrivals.await(sent.size(), Duration.ofSeconds(30));
            arrivals.assertEachOnce(sent);
            arrivals.assertUnflagged();
            arrivals.assertInTime("10,000 at random", sent, Duration.ofSeconds(3));
        }
    }

    @Test
    void what_waits_long_holds_up_nothing_that_waits_less_or_not_at_all() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "long", RETRY);
        try (Receiver receiver = queue.receiver(100);
                Arrivals arrivals = new Arrivals(receiver)) {
            warm(queue, arrivals);
            queue.send(List.of(Sent.delayed("tomorrow", Duration.ofDays(1).toMillis())));
            List<Sent> sent = List.of(
                    Sent.delayed("third", 2000),
                    Sent.delayed("second", 900),
                    Sent.delayed("first", 300),
                    Sent.text("now"));
            queue.send(sent);
            arrivals.await(4, Duration.ofSeconds(10));
            assertThat(arrivals.all())
                    .extracting(Arrivals.Arrival::id)
                    .containsExactly("now", "first", "second", "third");
            arrivals.assertInTime("four", sent, LATE);
        }
    }

    @Test
    void a_message_is_whole_after_several_steps_and_in_the_partition_of_its_key() throws Exception {
        Broker wide = new KafkaBrokerProvider().open(new TestContext(Cluster.uri()).setting("partitions", "4"));
        TestQueue queue = TestQueue.delaying(wide, "partitioned", RETRY);
        List<Sent> sent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            for (long delay : new long[] {0, 700}) {
                sent.add(new Sent(
                        new Envelope(
                                "id-" + i + "-" + delay,
                                "key-ö" + i,
                                "text/plain",
                                1234 + i,
                                Map.of("a", "ü ", "waybill-deliveries", "2"),
                                ("body " + i).getBytes(UTF_8)),
                        delay));
            }
        }
        try (Receiver receiver = queue.receiver(100);
                Arrivals arrivals = new Arrivals(receiver)) {
            queue.send(sent);
            arrivals.await(sent.size(), TestQueue.PATIENCE);
            arrivals.assertEachOnce(sent);
            arrivals.assertUnflagged();
            Map<String, Envelope> envelopes = new HashMap<>();
            sent.forEach(one -> envelopes.put(one.envelope.id(), one.envelope));
            Map<String, Integer> partitions = new HashMap<>();
            assertThat(arrivals.all()).allSatisfy(arrival -> {
                Envelope envelope = arrival.message().envelope();
                assertThat(envelope).usingRecursiveComparison().isEqualTo(envelopes.get(envelope.id()));
                int partition = ((KafkaInbound) arrival.message()).record().partition();
                assertThat(partitions.merge(envelope.key(), partition, (before, now) -> before))
                        .isEqualTo(partition);
            });
            assertThat(Set.copyOf(partitions.values())).hasSize(4);
        } finally {
            wide.close();
        }
    }

    @Test
    void two_processes_share_the_moving_and_one_may_leave() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "shared", RETRY);
        List<Sent> sent = IntStream.range(0, 6000)
                .mapToObj(i -> Sent.delayed("m" + i, 200 + 10L * (i * 37 % 600)))
                .toList();
        Receiver leaving = queue.through(other).receiver(500);
        try (Receiver receiver = queue.receiver(500);
                Arrivals arrivals = new Arrivals(receiver)) {
            leaving.stop();
            String group = "waybill-" + queue.definition.name() + ".delay";
            await().atMost(TestQueue.PATIENCE)
                    .untilAsserted(() -> assertThat(admin().describeConsumerGroups(List.of(group))
                                    .all()
                                    .get()
                                    .get(group)
                                    .members())
                            .hasSize(2)
                            .allSatisfy(member -> assertThat(member.assignment().topicPartitions())
                                    .isNotEmpty()));
            queue.send(sent);
            await().atMost(TestQueue.PATIENCE).until(() -> arrivals.all().size() > 2000);
            leaving.close();
            arrivals.await(sent.size(), TestQueue.PATIENCE);
            arrivals.assertEachOnce(sent);
            arrivals.assertUnflagged();
        }
    }

    @Test
    void a_process_that_is_killed_while_it_moves_loses_nothing_and_repeats_nothing() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "killed", RETRY);
        List<Sent> sent = IntStream.range(0, 20_000)
                .mapToObj(i -> Sent.delayed("m" + i, 500 + i * 37 % 2000))
                .toList();
        try (MovingProcess moving = new MovingProcess(Cluster.uri(), queue.definition.name())) {
            moving.awaitReady();
            queue.send(sent);
            await().atMost(TestQueue.PATIENCE)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> written(queue.definition.name()) > 3000);
            moving.kill();
            assertThat(written(queue.definition.name()))
                    .as("moved before the end")
                    .isLessThan(20_000);
        }
        try (Receiver receiver = queue.receiver(1000);
                Arrivals arrivals = new Arrivals(receiver)) {
            arrivals.await(sent.size(), Duration.ofSeconds(60));
            arrivals.assertEachOnce(sent);
            arrivals.assertUnflagged();
        }
    }

    private static long written(String topic) throws Exception {
        var partition = new org.apache.kafka.common.TopicPartition(topic, 0);
        return admin().listOffsets(Map.of(partition, org.apache.kafka.clients.admin.OffsetSpec.latest()))
                .partitionResult(partition)
                .get()
                .offset();
    }

    private static Admin admin() {
        return broker.unwrap(Admin.class).orElseThrow();
    }

    @Test
    void a_topic_that_another_process_makes_later_is_noticed() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "later", RetryPolicy.immediate());
        try (Receiver receiver = queue.receiver(10);
                Arrivals arrivals = new Arrivals(receiver)) {
            other.declare(queue.definition, TopologyMode.DECLARE);
            List<Sent> sent = List.of(Sent.delayed("a", 300), Sent.delayed("b", 1300));
            queue.through(other).send(sent);
            arrivals.await(2, Duration.ofSeconds(20));
            arrivals.assertInTime("with topics that were just made", sent, Duration.ofSeconds(5));
            arrivals.assertUnflagged();
        }
    }

    @Test
    void a_queue_without_delays_starts_nothing_and_the_last_receiver_ends_what_was_started() {
        TestQueue without = TestQueue.delaying(broker, "without", RetryPolicy.immediate());
        TestQueue with = TestQueue.delaying(broker, "with", RETRY);
        Receiver first = without.receiver(10);
        Receiver second = with.receiver(10);
        Receiver third = with.receiver(10);
        try {
            await().atMost(TestQueue.PATIENCE)
                    .untilAsserted(() -> assertThat(pumps(with)).isEqualTo(1));
            assertThat(pumps(without)).isZero();
            assertThat(topics(without)).isEmpty();
            assertThat(topics(with)).hasSize(4);
            String component = "delays of " + with.definition.name();
            await().atMost(TestQueue.PATIENCE)
                    .untilAsserted(() -> assertThat(broker.health()).anySatisfy(health -> {
                        assertThat(health.name()).endsWith(component);
                        assertThat(health.status()).isEqualTo(Health.Status.UP);
                    }));
            second.close();
            assertThat(pumps(with)).isEqualTo(1);
            third.close();
            assertThat(pumps(with)).isZero();
        } finally {
            Stream.of(first, second, third).forEach(Receiver::close);
        }
    }

    private static long pumps(TestQueue queue) {
        String name = "waybill-kafka-" + queue.definition.name() + "-delays";
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .count();
    }

    private static List<String> topics(TestQueue queue) {
        try {
            return admin().listTopics().names().get().stream()
                    .filter(name -> name.startsWith(queue.definition.name() + ".delay-"))
                    .toList();
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }

    @Test
    void verifying_names_the_topics_that_are_missing_and_a_sender_then_makes_none() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "verified", RETRY);
        String name = queue.definition.name();
        admin().deleteTopics(List.of(name + ".delay-2", name + ".delay-3"))
                .all()
                .get();
        await().until(() -> topics(queue).size() == 2);
        TopologyException refused = catchThrowableOfType(
                TopologyException.class, () -> other.declare(queue.definition, TopologyMode.VERIFY));
        assertThat(refused.differences())
                .containsExactlyInAnyOrder(
                        new Difference("topic " + name + ".delay-2", "present", "none"),
                        new Difference("topic " + name + ".delay-3", "present", "none"));
        Sent missing = Sent.delayed("missing", 600);
        Sent present = Sent.delayed("present", 300);
        queue.through(other).send(List.of(missing, present, Sent.text("plain")));
        assertThat(missing.reason).isEqualTo(Reason.UNROUTABLE);
        assertThat(missing.maybeStored).isFalse();
        assertThat(missing.detail).contains("'" + name + ".delay-2'");
        assertThat(present.stored).isTrue();
        assertThat(topics(queue)).hasSize(2);
        broker.declare(queue.definition, TopologyMode.DECLARE);
        assertThat(topics(queue)).hasSize(4);
        other.declare(queue.definition, TopologyMode.VERIFY);
        Sent later = Sent.delayed("later", 600);
        queue.through(other).send(List.of(later));
        assertThat(later.stored).isTrue();
    }

    @Test
    void dead_letters_do_not_wait() {
        TestQueue queue = TestQueue.delaying(broker, "dead", RetryPolicy.immediate());
        Sent refused = Sent.delayed("m", 100);
        try (Sender sender = queue.deadLetterSender()) {
            sender.send(List.of(refused));
        }
        assertThat(refused.reason).isEqualTo(Reason.REJECTED);
        assertThat(refused.maybeStored).isFalse();
    }

    @Test
    void what_was_moved_on_is_deleted() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "deleted", RETRY);
        List<Sent> sent =
                IntStream.range(0, 50).mapToObj(i -> Sent.delayed("m" + i, 120)).toList();
        try (Receiver receiver = queue.receiver(100);
                Arrivals arrivals = new Arrivals(receiver)) {
            queue.send(sent);
            arrivals.await(50, TestQueue.PATIENCE);
        }
        var partition = new org.apache.kafka.common.TopicPartition(queue.definition.name() + ".delay-0", 0);
        await().untilAsserted(() -> assertThat(
                        admin().listOffsets(Map.of(partition, org.apache.kafka.clients.admin.OffsetSpec.earliest()))
                                .partitionResult(partition)
                                .get()
                                .offset())
                .isGreaterThanOrEqualTo(50));
    }
}
