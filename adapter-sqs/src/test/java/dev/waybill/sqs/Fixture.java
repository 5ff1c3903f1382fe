package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import dev.waybill.spi.TimeSource;
import dev.waybill.spi.TlsSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** A broker opened on a server, and one queue of a name that nobody else has. */
final class Fixture implements AutoCloseable {
    static final Duration LONG_WAIT = Duration.ofSeconds(20);

    final ExecutorService blocking = Executors.newCachedThreadPool();
    final Broker broker;
    final QueueDefinition queue;
    final Destination main;
    final Destination dead;
    final SqsClient sqs;

    Fixture(String uri, Duration lock) {
        this(uri, lock, 3);
    }

    Fixture(String uri, Duration lock, int maxDeliveries) {
        broker = open(uri, blocking);
        queue = new QueueDefinition("orders-" + UUID.randomUUID(), maxDeliveries, lock, RetryPolicy.DEFAULT);
        main = new Destination(queue, Destination.Role.MAIN);
        dead = new Destination(queue, Destination.Role.DEAD_LETTER);
        sqs = broker.unwrap(SqsClient.class).orElseThrow();
        broker.declare(queue, TopologyMode.DECLARE);
    }

    static Broker open(String uri, Executor blocking) {
        return open(uri, Optional.empty(), blocking);
    }

    static Broker open(String uri, Optional<TlsSettings> tls, Executor blocking) {
        return new SqsBrokerProvider()
                .open(new Context(
                        Optional.of(uri), Optional.of("test"), Optional.of("secret"), Map.of(), tls, blocking));
    }

    Sender sender() {
        return broker.sender(main, new SenderListener() {
            @Override
            public void blocked(String reason) {
                throw new AssertionError("SQS never blocks: " + reason);
            }

            @Override
            public void unblocked() {
                throw new AssertionError("SQS never blocks");
            }
        });
    }

    Receiver receiver() {
        return broker.receiver(main, new ReceiverOptions(100));
    }

    /** Sends texts, at most ten, and waits until they are stored. */
    void send(String... texts) {
        List<Sent> batch = Stream.of(texts).map(Sent::new).toList();
        try (Sender sender = sender()) {
            sender.send(batch);
            batch.forEach(sent -> assertThat(sent.join()).isEqualTo("stored"));
        }
    }

    /** Receives until there are so many. */
    static List<Taken> take(Receiver receiver, int count) throws InterruptedException {
        List<Taken> taken = new ArrayList<>();
        long end = System.nanoTime() + LONG_WAIT.toNanos();
        while (taken.size() < count && System.nanoTime() < end) {
            for (Inbound inbound : receiver.receive(count - taken.size(), Duration.ofSeconds(2))) {
                taken.add(new Taken(inbound));
            }
        }
        assertThat(taken).as("messages received").hasSize(count);
        return taken;
    }

    static List<String> texts(List<Taken> taken) {
        return taken.stream().map(Taken::text).toList();
    }

    /** Whether the server says of a dead letter where it comes from, as SQS does: not every double of it does. */
    boolean tellsWhereItDied() {
        return sqs.receiveMessage(r -> r.queueUrl(url(dead))
                        .visibilityTimeout(0)
                        .messageSystemAttributeNames(MessageSystemAttributeName.ALL))
                .messages()
                .get(0)
                .attributes()
                .containsKey(MessageSystemAttributeName.DEAD_LETTER_QUEUE_SOURCE_ARN);
    }

    /** What SQS has that can be received, and what is locked. */
    String counts(Destination of) {
        Map<QueueAttributeName, String> attributes = sqs.getQueueAttributes(
                        r -> r.queueUrl(url(of)).attributeNames(QueueAttributeName.ALL))
                .attributes();
        return attributes.get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES) + " visible, "
                + attributes.get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE) + " locked";
    }

    String url(Destination of) {
        String name = of.role() == Destination.Role.MAIN ? queue.name() : queue.name() + "-dlq";
        return sqs.getQueueUrl(r -> r.queueName(name)).queueUrl();
    }

    @Override
    public void close() {
        broker.close();
        blocking.shutdown();
    }

    static Envelope envelope(String text) {
        return envelope(text.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    static Envelope envelope(byte[] body, Map<String, String> headers) {
        return new Envelope(UUID.randomUUID().toString(), null, null, 1, headers, body);
    }

    static void settle(Receiver receiver, List<Taken> taken, Held.Disposition disposition) {
        taken.forEach(each -> each.decide(disposition));
        receiver.settle(taken);
    }

    record Context(
            Optional<String> uri,
            Optional<String> username,
            Optional<String> password,
            Map<String, String> nativeSettings,
            Optional<TlsSettings> tls,
            Executor blocking)
            implements BrokerContext {

        @Override
        public Optional<String> setting(String key) {
            return Optional.empty();
        }

        @Override
        public String clientName() {
            return "test";
        }

        @Override
        public Duration connectTimeout() {
            return Duration.ofSeconds(5);
        }

        @Override
        public Duration sendTimeout() {
            return Duration.ofSeconds(10);
        }

        @Override
        public TimeSource time() {
            return TimeSource.system();
        }
    }
}
