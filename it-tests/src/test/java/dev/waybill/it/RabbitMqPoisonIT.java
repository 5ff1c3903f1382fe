package dev.waybill.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Health;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.servers.RabbitMqServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Poison that only RabbitMQ has, and a dead-letter queue that is full. */
@DisabledIfSystemProperty(
        named = "waybill.it.servers",
        matches = "external",
        disabledReason = "a policy is set, and the server is not ours")
class RabbitMqPoisonIT {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("rabbitmq", Connection.class);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** To a message that fills its frame the server cannot add what it adds when it delivers it again: clients end the connection. */
    @Test
    void aMessageOfOtherSoftwareWhoseHeadersFillAFrameIsDeadLetteredWithItsBytesAndEndsNoConnection() {
        Queue<String> queue =
                Queue.named("filled", Codec.text()).maxDeliveries(2).build();
        try (Waybill waybill = Waybill.open(SERVER.config())) {
            List<String> handled = new CopyOnWriteArrayList<>();
            waybill.consumer(queue).start(delivery -> handled.add(delivery.payload()));
            RabbitMqOtherSoftware other = new RabbitMqOtherSoftware();
            int frame = waybill.unwrap(Connection.class).orElseThrow().getFrameMax();
            String large = "x".repeat(frame - 100);
            other.send(waybill, "filled", Map.of("large", large, "tenant", "acme"), "poison".getBytes(UTF_8));
            other.send(waybill, "filled", Map.of(), "good".getBytes(UTF_8));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(handled).containsExactly("good"));
            DeadLetters dead = waybill.deadLetters(queue);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(dead.count()).isEqualTo(1));
            // Twice: the second time it is delivered again.
            for (int look = 0; look < 2; look++) {
                assertThat(dead.browse(DeadLetterFilter.all(), 0, 10))
                        .singleElement()
                        .satisfies(letter -> {
                            assertThat(letter.body()).isEqualTo("poison".getBytes(UTF_8));
                            assertThat(letter.reason()).contains("malformed envelope: its headers have");
                            assertThat(letter.headers())
                                    .containsEntry("waybill-cut", "large")
                                    .containsEntry("tenant", "acme");
                            assertThat(large).startsWith(letter.headers().get("large"));
                        });
            }
            assertThat(waybill.health().status()).isEqualTo(Health.Status.UP);
        }
    }

    @Test
    void aDeadLetterQueueThatIsFullLosesNothing() throws Exception {
        Queue<String> queue = Queue.named("full", Codec.text()).build();
        RabbitMqServer server = (RabbitMqServer) SERVER.server();
        try (Waybill waybill = Waybill.open(SERVER.config())) {
            server.rabbitmqctl(
                    "set_policy",
                    "--apply-to",
                    "queues",
                    "full",
                    "^full[.]dlq$",
                    "{\"max-length\":1,\"overflow\":\"reject-publish\"}");
            Producer<String> producer = waybill.producer(queue);
            List<String> there = fill(waybill, "full.dlq");
            List<String> handled = new CopyOnWriteArrayList<>();
            Subscription subscription = waybill.consumer(queue)
                    .concurrency(2)
                    .prefetch(20)
                    .startReturning(delivery -> {
                        handled.add(delivery.payload());
                        return delivery.payload().startsWith("bad") ? Outcome.deadLetter("no use") : Outcome.accept();
                    });
            List<String> bad = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                bad.add("bad-" + i);
                producer.sendAndWait("bad-" + i);
            }
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(subscription.health().detail())
                            .contains("cannot send on")
                            .contains("REJECTED"));
            producer.sendAndWait("good");
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(handled).hasSize(11).contains("good"));
            DeadLetters dead = waybill.deadLetters(queue);
            assertThat(dead.count()).isLessThan(there.size() + 10);
            server.rabbitmqctl("clear_policy", "full");
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(dead.count()).isEqualTo(there.size() + 10));
            there.addAll(bad);
            assertThat(dead.browse(DeadLetterFilter.all(), 0, there.size() + 1).stream()
                            .map(DeadLetter::body)
                            .map(body -> new String(body, UTF_8)))
                    .containsExactlyInAnyOrderElementsOf(there);
            assertThat(waybill.depth(queue)).isZero();
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(subscription.health().status()).isEqualTo(Health.Status.UP));
            assertThat(handled).hasSize(11);
        }
    }

    /** Publishes until the queue refuses, since a policy takes effect some time after its command has ended; tells what it took. */
    private static List<String> fill(Waybill waybill, String queue) throws IOException, TimeoutException {
        List<String> taken = new ArrayList<>();
        try (Channel channel = waybill.unwrap(Connection.class).orElseThrow().createChannel()) {
            channel.confirmSelect();
            await().atMost(PATIENCE).until(() -> {
                channel.basicPublish("", queue, null, ("filler-" + taken.size()).getBytes(UTF_8));
                boolean took = channel.waitForConfirms();
                if (took) {
                    taken.add("filler-" + taken.size());
                }
                return !took;
            });
        }
        return taken;
    }
}
