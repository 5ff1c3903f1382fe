package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.Capability;
import dev.waybill.ConfigException;
import dev.waybill.RetryPolicy;
import dev.waybill.spi.QueueDefinition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.junit.jupiter.api.Test;

/** What becomes of a queue's declaration on servers that a test cannot have. */
class SpecsTest {
    private static final QueueDefinition QUEUE =
            new QueueDefinition("orders", 5, Duration.ofSeconds(30), RetryPolicy.DEFAULT);
    private static final Names NAMES = Names.with("");
    private static final Server UNREADABLE = new Server("4.4", true, Map.of());
    private static final Server WITHOUT_DEAD_LETTERS = new Server("4.2", false, Map.of());

    @Test
    void names_cannot_meet() {
        assertThat(NAMES.group("orders")).isEqualTo("waybill-orders");
        assertThat(NAMES.deadLetterGroup("orders")).isEqualTo("waybill-orders.dlq");
        assertThat(NAMES.deadLetterTopic("orders")).isEqualTo("dlq.orders");
        assertThat(Names.with("dead-").deadLetterTopic("orders")).isEqualTo("dead-orders");
    }

    @Test
    void brokers_whose_configuration_cannot_be_read_bound_nothing() {
        GroupSpec spec = GroupSpec.main(
                new QueueDefinition("q", 10, Duration.ofHours(12), RetryPolicy.DEFAULT), NAMES, UNREADABLE);
        assertThat(spec.fixed())
                .containsEntry("share.record.lock.duration.ms", "43200000")
                .containsEntry("share.delivery.count.limit", "10")
                .containsEntry("share.auto.offset.reset", "earliest")
                .containsEntry("errors.deadletterqueue.topic.name", "dlq.q");
        assertThat(GroupSpec.deadLetters(QUEUE, NAMES, UNREADABLE).fixed())
                .containsEntry("share.delivery.count.limit", "10")
                .containsEntry("errors.deadletterqueue.topic.name", "dlq.orders");
    }

    @Test
    void a_session_is_as_long_as_the_group_says() {
        assertThat(GroupSpec.sessionMillis(new Config(List.of(new ConfigEntry("consumer.session.timeout.ms", "6000")))))
                .isEqualTo(6000);
        assertThat(GroupSpec.sessionMillis(new Config(List.of()))).isEqualTo(10_000);
    }

    @Test
    void a_server_that_would_drop_a_message_at_the_limit_gets_the_highest() {
        Server server = new Server("4.2", false, Map.of("group.share.max.delivery.count.limit", "8"));
        GroupSpec spec = GroupSpec.main(QUEUE, NAMES, server);
        assertThat(spec.fixed())
                .containsEntry("share.delivery.count.limit", "8")
                .doesNotContainKey("errors.deadletterqueue.topic.name");
        assertThat(Capable.of(WITHOUT_DEAD_LETTERS, OptionalInt.empty()).has(Capability.DELIVERY_LIMIT))
                .isFalse();
    }

    @Test
    void a_group_has_room_above_the_maximum_of_deliveries_as_far_as_the_server_lets_it() {
        Server server = new Server("4.4", true, Map.of("group.share.max.delivery.count.limit", "10"));
        assertThat(limit(5, server)).isEqualTo(8);
        assertThat(limit(8, server)).isEqualTo(10);
        assertThat(limit(10, server)).isEqualTo(10);
        assertThat(limit(20, UNREADABLE)).isEqualTo(20);
    }

    private static int limit(int maxDeliveries, Server server) {
        return GroupSpec.limit(
                new QueueDefinition("q", maxDeliveries, Duration.ofSeconds(30), RetryPolicy.DEFAULT), server);
    }

    @Test
    void the_group_that_moves_delayed_messages_notices_its_members_as_soon_as_the_broker_allows() {
        Server strict = new Server(
                "4.4",
                true,
                Map.of(
                        "group.consumer.min.session.timeout.ms", "45000",
                        "group.consumer.session.timeout.ms", "45000",
                        "group.consumer.min.heartbeat.interval.ms", "2000",
                        "group.consumer.heartbeat.interval.ms", "5000",
                        "group.consumer.min.assignment.interval.ms", "0",
                        "group.consumer.assignment.interval.ms", "1000"));
        assertThat(GroupSpec.delays("orders", NAMES, strict))
                .isEqualTo(new GroupSpec(
                        "waybill-orders.delay",
                        Map.of(),
                        Map.of("consumer.heartbeat.interval.ms", "2000", "consumer.assignment.interval.ms", "0")));
        assertThat(GroupSpec.delays("orders", NAMES, UNREADABLE).tuning()).isEmpty();
    }

    @Test
    void several_partitions_are_not_first_in_first_out() {
        assertThat(Capable.of(UNREADABLE, OptionalInt.of(3)).has(Capability.FIFO))
                .isFalse();
        assertThat(Capable.of(UNREADABLE, OptionalInt.of(1)).has(Capability.FIFO))
                .isTrue();
    }

    @Test
    void a_lock_shorter_than_the_broker_allows_names_both() {
        Server server = new Server(
                "4.4",
                true,
                Map.of(
                        "group.share.min.record.lock.duration.ms", "15000",
                        "group.share.max.record.lock.duration.ms", "60000"));
        assertThatThrownBy(() -> GroupSpec.main(
                        new QueueDefinition("q", 5, Duration.ofSeconds(1), RetryPolicy.DEFAULT), NAMES, server))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("lockDuration", "'q'", "1000 ms", "15000 to 60000 ms");
    }
}
