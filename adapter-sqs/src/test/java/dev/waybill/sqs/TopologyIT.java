package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.waybill.RetryPolicy;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.spi.Broker;
import dev.waybill.spi.QueueDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** What is created, and what is said of what differs. */
class TopologyIT {
    private static TestServer server;
    private static ExecutorService blocking;
    private static Broker broker;
    private static SqsClient sqs;

    @BeforeAll
    static void start() {
        server = TestServers.start("sqs");
        blocking = Executors.newCachedThreadPool();
        broker = Fixture.open(server.uri(), blocking);
        sqs = broker.unwrap(SqsClient.class).orElseThrow();
    }

    @AfterAll
    static void stop() {
        broker.close();
        blocking.shutdown();
        server.close();
    }

    private static QueueDefinition queue(int maxDeliveries, Duration lock) {
        return new QueueDefinition("q-" + UUID.randomUUID(), maxDeliveries, lock, RetryPolicy.DEFAULT);
    }

    private static Map<QueueAttributeName, String> attributes(String name) {
        String url = sqs.getQueueUrl(r -> r.queueName(name)).queueUrl();
        return sqs.getQueueAttributes(r -> r.queueUrl(url).attributeNames(QueueAttributeName.ALL))
                .attributes();
    }

    private static List<Difference> differences(QueueDefinition queue, TopologyMode mode) {
        List<Difference> differences = new ArrayList<>();
        assertThatThrownBy(() -> broker.declare(queue, mode))
                .isInstanceOfSatisfying(TopologyException.class, differs -> differences.addAll(differs.differences()));
        return differences;
    }

    @Test
    void declares_queue_and_dead_letters_as_said_and_again_without_a_change() {
        QueueDefinition queue = queue(4, Duration.ofMillis(1_500));
        broker.declare(queue, TopologyMode.DECLARE);
        broker.declare(queue, TopologyMode.DECLARE);
        broker.declare(queue, TopologyMode.VERIFY);
        assertThat(attributes(queue.name()))
                .as("a lock is rounded up to whole seconds")
                .containsEntry(QueueAttributeName.VISIBILITY_TIMEOUT, "2");
        assertThat(attributes(queue.name()).get(QueueAttributeName.REDRIVE_POLICY))
                .containsPattern("\"maxReceiveCount\": ?7")
                .contains(attributes(queue.name() + "-dlq").get(QueueAttributeName.QUEUE_ARN));
        // ElasticMQ knows no retention; SQS would keep messages for four days otherwise.
        assertThat(attributes(queue.name()).get(QueueAttributeName.MESSAGE_RETENTION_PERIOD))
                .isIn(null, "1209600");
    }

    @Test
    void an_ordered_queue_is_a_fifo_queue_and_so_are_its_dead_letters() {
        QueueDefinition queue = queue(4, Duration.ofSeconds(2)).orderedByKey();
        assertThat(differences(queue, TopologyMode.VERIFY))
                .containsExactly(
                        new Difference("queue " + queue.name() + "-dlq.fifo", "a FIFO queue", "none"),
                        new Difference("queue " + queue.name() + ".fifo", "a FIFO queue", "none"));
        broker.declare(queue, TopologyMode.DECLARE);
        broker.declare(queue, TopologyMode.VERIFY);
        Map<QueueAttributeName, String> dead = attributes(queue.name() + "-dlq.fifo");
        assertThat(dead).containsEntry(QueueAttributeName.FIFO_QUEUE, "true");
        assertThat(attributes(queue.name() + ".fifo"))
                .containsEntry(QueueAttributeName.FIFO_QUEUE, "true")
                .extractingByKey(QueueAttributeName.REDRIVE_POLICY)
                .asString()
                .containsPattern("\"maxReceiveCount\": ?27")
                .contains(dead.get(QueueAttributeName.QUEUE_ARN));
    }

    @Test
    void the_name_of_a_dead_letter_queue_is_no_name_of_a_queue() {
        QueueDefinition queue = new QueueDefinition("orders-dlq", 3, Duration.ofSeconds(5), RetryPolicy.DEFAULT);
        assertThatThrownBy(() -> broker.declare(queue, TopologyMode.DECLARE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'orders-dlq'")
                .hasMessageContaining("of queue 'orders'");
    }

    @Test
    void verifying_creates_nothing_and_names_both_queues() {
        QueueDefinition queue = queue(3, Duration.ofSeconds(5));
        assertThat(differences(queue, TopologyMode.VERIFY))
                .containsExactly(
                        new Difference("queue " + queue.name() + "-dlq", "a standard queue", "none"),
                        new Difference("queue " + queue.name(), "a standard queue", "none"));
        assertThat(sqs.listQueues(r -> r.queueNamePrefix(queue.name())).queueUrls())
                .isEmpty();
    }

    @Test
    void every_field_that_differs_is_reported_and_nothing_is_changed() {
        QueueDefinition queue = queue(3, Duration.ofSeconds(5));
        broker.declare(queue, TopologyMode.DECLARE);
        QueueDefinition other = new QueueDefinition(queue.name(), 7, Duration.ofSeconds(9), RetryPolicy.DEFAULT);
        for (TopologyMode mode : List.of(TopologyMode.DECLARE, TopologyMode.VERIFY)) {
            assertThat(differences(other, mode))
                    .containsExactlyInAnyOrder(
                            new Difference(queue.name() + " VisibilityTimeout", "9", "5"),
                            new Difference(queue.name() + " RedrivePolicy.maxReceiveCount", "10", "6"));
        }
        assertThatCode(() -> broker.declare(queue, TopologyMode.VERIFY)).doesNotThrowAnyException();
    }

    @Test
    void a_queue_that_has_no_redrive_policy_is_reported() {
        QueueDefinition queue = queue(3, Duration.ofSeconds(30));
        sqs.createQueue(r -> r.queueName(queue.name()));
        assertThat(differences(queue, TopologyMode.DECLARE))
                .extracting(Difference::field, Difference::actual)
                .contains(
                        tuple(queue.name() + " RedrivePolicy.deadLetterTargetArn", "none"),
                        tuple(queue.name() + " RedrivePolicy.maxReceiveCount", "none"));
    }

    @Test
    void several_processes_may_declare_at_once() {
        QueueDefinition queue = queue(3, Duration.ofSeconds(5));
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(CompletableFuture.runAsync(
                    () -> {
                        try (Broker own = Fixture.open(server.uri(), blocking)) {
                            own.declare(queue, TopologyMode.DECLARE);
                        }
                    },
                    blocking));
        }
        assertThat(all).allSatisfy(each -> assertThatCode(each::join).doesNotThrowAnyException());
    }
}
