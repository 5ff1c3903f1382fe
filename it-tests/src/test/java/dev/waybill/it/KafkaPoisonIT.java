package dev.waybill.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Health;
import dev.waybill.Outcome;
import dev.waybill.OutcomeHandler;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A dead-letter topic that takes less than the topic of its queue. */
class KafkaPoisonIT {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("kafka", Admin.class);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Test
    void aDeadLetterTopicThatTakesTooLittleLosesNothing() throws Exception {
        Queue<String> queue =
                Queue.named("narrow", Codec.text()).maxDeliveries(2).build();
        try (Waybill waybill = Waybill.open(SERVER.config())) {
            Producer<String> producer = waybill.producer(queue);
            List<String> handled = new CopyOnWriteArrayList<>();
            Subscription subscription = waybill.consumer(queue).startReturning(delivery -> {
                handled.add(delivery.payload());
                return delivery.payload().startsWith("bad") ? Outcome.deadLetter("no use") : Outcome.accept();
            });
            takes(waybill, "dlq.narrow", "10");
            producer.sendAndWait("bad");
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(subscription.health().detail())
                            .contains("cannot send on 1 messages")
                            .contains("narrow (dead letters)"));
            producer.sendAndWait("good");
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(handled).containsExactly("bad", "good"));
            takes(waybill, "dlq.narrow", "1000000");
            DeadLetters dead = waybill.deadLetters(queue);
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(subscription.health().status()).isEqualTo(Health.Status.UP));
            assertThat(dead.browse(DeadLetterFilter.all(), 0, 10))
                    .singleElement()
                    .satisfies(letter -> {
                        assertThat(letter.body()).isEqualTo("bad".getBytes(UTF_8));
                        assertThat(letter.reason()).isEqualTo("no use");
                    });
            assertThat(handled).containsExactly("bad", "good");
        }
    }

    /** Each close costs a delivery, and the group's limit is near. */
    @Test
    void whatWaitsForADeadLetterTopicOutlivesAnyNumberOfConsumers() throws Exception {
        Queue<String> queue = Queue.named("patient", Codec.text())
                .maxDeliveries(2)
                .retry(RetryPolicy.immediate())
                .build();
        try (Waybill waybill = Waybill.open(SERVER.config())) {
            List<Integer> handled = new CopyOnWriteArrayList<>();
            OutcomeHandler<String> failing = delivery -> {
                handled.add(delivery.deliveryCount());
                return Outcome.retry();
            };
            waybill.producer(queue).sendAndWait("bad");
            takes(waybill, "dlq.patient", "10");
            for (int consumer = 1; consumer <= 8; consumer++) {
                try (Subscription subscription = waybill.consumer(queue).startReturning(failing)) {
                    await().atMost(PATIENCE)
                            .untilAsserted(() ->
                                    assertThat(subscription.health().detail()).contains("cannot send on 1 messages"));
                }
            }
            takes(waybill, "dlq.patient", "1000000");
            waybill.consumer(queue).startReturning(failing);
            List<String> dead = new CopyOnWriteArrayList<>();
            waybill.deadLetterConsumer(queue).start(delivery -> dead.add(new String(delivery.payload(), UTF_8)));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(dead).containsExactly("bad"));
            await().during(Duration.ofSeconds(2))
                    .untilAsserted(() -> assertThat(dead).containsExactly("bad"));
            assertThat(handled).containsExactly(1, 2);
        }
    }

    /** Admin answers before the broker has taken it over. */
    private static void takes(Waybill waybill, String topic, String bytes) throws Exception {
        Admin admin = waybill.unwrap(Admin.class).orElseThrow();
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        admin.incrementalAlterConfigs(Map.of(
                        resource,
                        List.of(new AlterConfigOp(
                                new ConfigEntry("max.message.bytes", bytes), AlterConfigOp.OpType.SET))))
                .all()
                .get(10, TimeUnit.SECONDS);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(admin.describeConfigs(List.of(resource))
                                .all()
                                .get(10, TimeUnit.SECONDS)
                                .get(resource)
                                .get("max.message.bytes")
                                .value())
                        .isEqualTo(bytes));
    }
}
