package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.waybill.Capabilities.Level;
import dev.waybill.Capability;
import dev.waybill.ConfigException;
import dev.waybill.Health;
import dev.waybill.RetryPolicy;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.QueueDefinition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Declaring and verifying, capabilities and limits, against a real broker. */
class KafkaTopologyIT {
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
    void declaring_again_changes_nothing_and_verifying_agrees() {
        TestQueue queue = TestQueue.declared(broker, "again", 5, LOCK);
        broker.declare(queue.definition, TopologyMode.DECLARE);
        broker.declare(queue.definition, TopologyMode.VERIFY);
    }

    @Test
    void several_processes_declare_at_once() {
        QueueDefinition queue = TestQueue.undeclared(broker, "at-once", 5, LOCK).definition;
        List<CompletableFuture<Void>> all = IntStream.range(0, 6)
                .mapToObj(i -> CompletableFuture.runAsync(() -> broker.declare(queue, TopologyMode.DECLARE)))
                .toList();
        assertThat(all).allSatisfy(each -> assertThat(each).succeedsWithin(Duration.ofSeconds(30)));
    }

    @Test
    void verifying_says_what_is_missing_and_creates_nothing() {
        QueueDefinition queue = TestQueue.undeclared(broker, "missing", 5, LOCK).definition;
        for (int i = 0; i < 2; i++) {
            TopologyException refused =
                    catchThrowableOfType(TopologyException.class, () -> broker.declare(queue, TopologyMode.VERIFY));
            assertThat(refused.differences())
                    .contains(
                            new Difference("topic " + queue.name(), "present", "none"),
                            new Difference("topic dlq." + queue.name(), "present", "none"),
                            new Difference(
                                    "share.auto.offset.reset of share group waybill-" + queue.name(),
                                    "earliest",
                                    "latest"));
        }
    }

    @Test
    void every_field_that_differs_is_reported() throws Exception {
        QueueDefinition queue = TestQueue.declared(broker, "differs", 5, LOCK).definition;
        QueueDefinition other = new QueueDefinition(queue.name(), 7, Duration.ofSeconds(30), RetryPolicy.immediate());
        for (TopologyMode mode : List.of(TopologyMode.DECLARE, TopologyMode.VERIFY)) {
            TopologyException refused =
                    catchThrowableOfType(TopologyException.class, () -> broker.declare(other, mode));
            String group = " of share group waybill-" + queue.name();
            assertThat(refused.differences())
                    .containsExactlyInAnyOrder(
                            new Difference("share.delivery.count.limit" + group, "10", "8"),
                            new Difference("share.record.lock.duration.ms" + group, "30000", "20000"),
                            new Difference("share.record.lock.duration.ms" + group + ".dlq", "30000", "20000"));
        }
        broker.declare(queue, TopologyMode.VERIFY);
    }

    @Test
    void a_topic_of_other_partitions_is_a_difference_only_if_they_are_configured() throws Exception {
        QueueDefinition queue = TestQueue.undeclared(broker, "partitions", 5, LOCK).definition;
        Admin admin = broker.unwrap(Admin.class).orElseThrow();
        admin.createTopics(
                        List.of(new NewTopic(queue.name(), 3, (short) 1).configs(Map.of("cleanup.policy", "compact"))))
                .all()
                .get();
        Broker strict = new KafkaBrokerProvider().open(new TestContext(Cluster.uri()).setting("partitions", "2"));
        try {
            TopologyException refused =
                    catchThrowableOfType(TopologyException.class, () -> strict.declare(queue, TopologyMode.DECLARE));
            assertThat(refused.differences())
                    .containsExactlyInAnyOrder(
                            new Difference("partitions of topic " + queue.name(), "2", "3"),
                            new Difference("cleanup.policy of topic " + queue.name(), "delete", "compact"));
        } finally {
            strict.close();
        }
        TopologyException refused =
                catchThrowableOfType(TopologyException.class, () -> broker.declare(queue, TopologyMode.DECLARE));
        assertThat(refused.differences()).hasSize(1);
    }

    @Test
    void a_lock_or_a_limit_outside_the_brokers_bounds_is_refused_with_the_bounds() {
        QueueDefinition longLock =
                new QueueDefinition(Cluster.fresh("lock"), 5, Duration.ofHours(3), RetryPolicy.DEFAULT);
        assertThatThrownBy(() -> broker.declare(longLock, TopologyMode.DECLARE))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(
                        "lockDuration", "10800000", "1000 to 3600000", "share.record.lock.duration.ms");
        QueueDefinition oftenDelivered = new QueueDefinition(Cluster.fresh("limit"), 50, LOCK, RetryPolicy.DEFAULT);
        assertThatThrownBy(() -> broker.declare(oftenDelivered, TopologyMode.DECLARE))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("maxDeliveries", "50", "2 to 25", "share.delivery.count.limit");
    }

    @Test
    void the_server_says_what_it_can() {
        assertThat(broker.capabilities().broker()).startsWith("Kafka 4.");
        assertThat(broker.capabilities().support(Capability.UNCOUNTED_RELEASE).level())
                .isEqualTo(Level.UNSUPPORTED);
        assertThat(broker.capabilities().has(Capability.DELIVERY_LIMIT)).isTrue();
        assertThat(broker.capabilities().has(Capability.FIFO)).isTrue();
        assertThat(Capability.values())
                .allSatisfy(capability -> assertThat(
                                broker.capabilities().support(capability).note())
                        .isNotBlank());
        assertThat(broker.limits().maxMessageBytes()).isBetween(1_000_000L, 1_048_576L);
    }

    @Test
    void a_missing_topic_cannot_be_received_from() {
        TestQueue queue = TestQueue.undeclared(broker, "nowhere", 5, LOCK);
        assertThatThrownBy(() -> queue.receiver(1))
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(BrokerException.Kind.MISSING));
    }

    @Test
    void a_broker_that_is_not_there_is_unavailable() {
        TestContext nowhere = new TestContext("kafka://127.0.0.1:1");
        assertThatThrownBy(() -> new KafkaBrokerProvider().open(nowhere))
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(BrokerException.Kind.UNAVAILABLE));
    }

    @Test
    void health_names_each_connection() {
        TestQueue queue = TestQueue.declared(broker, "health", 5, LOCK);
        queue.send(0, 1);
        assertThat(broker.health())
                .isNotEmpty()
                .allSatisfy(component -> assertThat(component.status()).isEqualTo(Health.Status.UP));
    }
}
