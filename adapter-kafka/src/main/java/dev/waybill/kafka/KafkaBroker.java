package dev.waybill.kafka;

import dev.waybill.Capabilities;
import dev.waybill.Health;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Limits;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;

/** One Kafka cluster. Each sender and each receiver has clients, and so connections, of its own. */
final class KafkaBroker implements Broker {
    private static final int MOST_PER_CALL = 500;
    private static final int MOST_BYTES_PER_CALL = 8 * 1024 * 1024;
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final KafkaSettings settings;
    private final AdminCalls calls;
    private final Server server;
    private final Names names;
    private final Capabilities capabilities;
    private final Limits limits;
    private final int largestRequest;
    private final TimeSource time;
    private final Executor blocking;
    private final Set<KafkaSender> senders = ConcurrentHashMap.newKeySet();
    private final Set<KafkaReceiver> receivers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger workers = new AtomicInteger();

    private KafkaBroker(KafkaSettings settings, AdminCalls calls, Server server, BrokerContext context) {
        this.settings = settings;
        this.calls = calls;
        this.server = server;
        this.time = context.time();
        this.blocking = context.blocking();
        names = Names.with(server.deadLetterPrefix());
        capabilities = Capable.of(server, settings.partitions());
        int largestMessage = settings.maxMessageBytes().orElse(server.maxBatchBytes() - KafkaSettings.FRAMING_BYTES);
        largestRequest = largestMessage + KafkaSettings.FRAMING_BYTES;
        limits = new Limits(
                largestMessage,
                MOST_PER_CALL,
                Math.max(MOST_BYTES_PER_CALL, largestMessage),
                Integer.MAX_VALUE,
                MOST_PER_CALL,
                1);
    }

    static KafkaBroker open(KafkaSettings settings, BrokerContext context) {
        Map<String, Object> configuration = settings.admin();
        Admin admin;
        try {
            admin = Admin.create(configuration);
        } catch (RuntimeException failure) {
            throw Failures.onCreate("admin client", failure);
        }
        try {
            AdminCalls calls = new AdminCalls(admin, settings.connectTimeout());
            return new KafkaBroker(settings, calls, Server.ask(calls), context);
        } catch (RuntimeException failure) {
            admin.close(Duration.ZERO);
            throw failure;
        }
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public Limits limits() {
        return limits;
    }

    @Override
    public void declare(QueueDefinition queue, TopologyMode mode) {
        new Topology(calls, settings, server, names).declare(queue, mode);
    }

    @Override
    public Sender sender(Destination destination, SenderListener listener) {
        TopicCheck topic = new TopicCheck(calls, names.topic(destination));
        // A topic that is missing now is each message's own failure; a broker that is missing is the sender's.
        topic.exists();
        KafkaProducer<byte[], byte[]> producer;
        try {
            producer = new KafkaProducer<>(settings.producer(largestRequest));
        } catch (RuntimeException failure) {
            throw Failures.onCreate("producer", failure);
        }
        KafkaSender[] self = new KafkaSender[1];
        self[0] = new KafkaSender(producer, topic, settings.sendTimeout(), () -> senders.remove(self[0]));
        senders.add(self[0]);
        return self[0];
    }

    @Override
    public Receiver receiver(Destination destination, ReceiverOptions options) {
        String topic = names.topic(destination);
        TopicDescription description = calls.topic(topic)
                .orElseThrow(() -> new BrokerException(
                        BrokerException.Kind.MISSING,
                        "topic '" + topic + "' of " + destination + " does not exist",
                        null));
        RecordReader reader = destination.role() == Destination.Role.MAIN
                ? Records::decode
                : new DeadLetterReader(topic, settings.lookup());
        KafkaReceiver[] self = new KafkaReceiver[1];
        self[0] = new KafkaReceiver(
                topic,
                description.partitions().size(),
                settings.shareConsumers(),
                options.prefetch(),
                (receiver, pollSize) -> hire(receiver, destination, reader, pollSize),
                new TopicWatch(calls, topic, blocking, time),
                () -> {
                    receivers.remove(self[0]);
                    reader.close();
                });
        receivers.add(self[0]);
        return self[0];
    }

    private ShareWorker hire(KafkaReceiver receiver, Destination destination, RecordReader reader, int pollSize) {
        String group = names.group(destination);
        Map<String, Object> configuration = settings.shareConsumer(group, pollSize, PollSize.acquireMode(pollSize));
        ShareWorker worker = new ShareWorker(
                "waybill-kafka-" + receiver.topic() + "-" + workers.incrementAndGet(),
                () -> new KafkaShareConsumer<>(configuration),
                pollSize,
                receiver,
                reader,
                new LeaderEpochs(calls),
                time,
                destination.queue().lockDuration());
        worker.start();
        return worker;
    }

    @Override
    public List<Health.Component> health() {
        return Connections.health(settings.bootstrap(), calls.admin(), senders, receivers);
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return type.isInstance(calls.admin()) ? Optional.of(type.cast(calls.admin())) : Optional.empty();
    }

    @Override
    public void close() {
        receivers.forEach(KafkaReceiver::close);
        senders.forEach(KafkaSender::close);
        calls.admin().close(CLOSE);
    }
}
