package dev.waybill.kafka;

import dev.waybill.Capabilities;
import dev.waybill.Health;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Browser;
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
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** One Kafka cluster. Each sender and each receiver has clients, and so connections, of its own. */
final class KafkaBroker implements Broker {
    private static final int MOST_PER_CALL = 500;
    private static final int MOST_BYTES_PER_CALL = 8 * 1024 * 1024;
    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final Duration NUDGE = Duration.ofSeconds(2);

    /** A message passes through the highest level as often as it takes, so this is what is asked for at most. */
    private static final Duration LONGEST_DELAY = Duration.ofDays(366);

    /** Half of what a batch may have by default. */
    private static final long CLAIM_CHECK_BYTES = 512 << 10;

    private final KafkaSettings settings;
    private final AdminCalls calls;
    private final FirstDeliveries firstDeliveries;
    private final Names names;
    private final Capabilities capabilities;
    private final Limits limits;
    private final int largestRequest;
    private final TimeSource time;
    private final Executor blocking;
    private final Set<KafkaSender> senders = ConcurrentHashMap.newKeySet();
    private final Set<KafkaReceiver> receivers = ConcurrentHashMap.newKeySet();
    private final Set<OrderedReceiver> orderedReceivers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger workers = new AtomicInteger();
    private final Topology topology;
    private final DelayTopics delayTopics;
    private final DelayPumps pumps;

    private KafkaBroker(KafkaSettings settings, AdminCalls calls, Server server, BrokerContext context) {
        this.settings = settings;
        this.calls = calls;
        this.firstDeliveries = new FirstDeliveries(calls, settings.shareConsumers());
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
                1,
                LONGEST_DELAY.toMillis(),
                // A share consumer that renews what it holds is given nothing new.
                0,
                0,
                CLAIM_CHECK_BYTES);
        topology = new Topology(calls, settings, server, names);
        delayTopics = new DelayTopics(calls, topology, names, this::lookForDelays);
        pumps = new DelayPumps(calls, delayTopics, blocking, this::pump);
    }

    private void lookForDelays() {
        pumps.look();
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
        topology.declare(queue, mode);
        if (queue.ordered()) {
            return;
        }
        delayTopics.declared(Names.place(queue), mode == TopologyMode.DECLARE);
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
        String queue = Names.place(destination.queue());
        DelayRoute delays = destination.role() == Destination.Role.MAIN ? new DelayRoute(queue, delayTopics) : null;
        KafkaSender[] self = new KafkaSender[1];
        self[0] = new KafkaSender(
                producer,
                topic,
                delays,
                destination.role() == Destination.Role.DEAD_LETTER,
                settings.sendTimeout(),
                () -> senders.remove(self[0]));
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
        if (destination.ordered()) {
            return ordered(destination, topic, options);
        }
        boolean main = destination.role() == Destination.Role.MAIN;
        String place = Names.place(destination.queue());
        RecordReader reader = reader(destination);
        KafkaReceiver[] self = new KafkaReceiver[1];
        self[0] = new KafkaReceiver(
                topic,
                destination.queue().lockDuration(),
                description.partitions().size(),
                settings.shareConsumers(),
                options.prefetch(),
                (receiver, pollSize) -> hire(receiver, destination, reader, pollSize),
                new TopicWatch(calls, topic, blocking, time),
                main ? new Markers(() -> pumps.moving(place), time) : Markers.none(time),
                () -> {
                    receivers.remove(self[0]);
                    reader.close();
                    if (main) {
                        pumps.closed(place);
                    }
                });
        receivers.add(self[0]);
        if (main) {
            pumps.opened(place);
        }
        return self[0];
    }

    private Receiver ordered(Destination destination, String topic, ReceiverOptions options) {
        Map<String, Object> configuration =
                settings.groupConsumer(names.orderedGroup(Names.place(destination.queue())));
        OrderedReceiver[] self = new OrderedReceiver[1];
        self[0] = new OrderedReceiver(
                topic,
                options.prefetch(),
                () -> new KafkaConsumer<>(configuration),
                new TopicWatch(calls, topic, blocking, time),
                options.onLost(),
                () -> orderedReceivers.remove(self[0]),
                topology.sessionMillis(Names.place(destination.queue())));
        orderedReceivers.add(self[0]);
        return self[0];
    }

    private DelayPump pump(String queue) {
        String group = names.delayGroup(queue);
        String transactionalId = group + "-" + UUID.randomUUID();
        Map<String, Object> consumer = settings.delayConsumer(group);
        Map<String, Object> producer = settings.mover(transactionalId);
        return new DelayPump(
                queue,
                () -> delayLevels(queue),
                () -> new DelaySession(
                        queue,
                        names,
                        new KafkaConsumer<>(consumer),
                        () -> new DelayMover(new KafkaProducer<>(producer), time),
                        new DelayTrim(calls.admin(), time.nanos()),
                        time));
    }

    private NavigableSet<Integer> delayLevels(String queue) {
        String topic = names.topic(queue);
        if (calls.topic(topic).isEmpty()) {
            // To send to it might create it.
            throw new BrokerException(BrokerException.Kind.MISSING, "topic '" + topic + "' does not exist", null);
        }
        return delayTopics.existing(queue);
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
                firstDeliveries,
                time,
                destination.queue().lockDuration());
        worker.start();
        return worker;
    }

    @Override
    public int lastDelivery(QueueDefinition queue) {
        return topology.limit(queue);
    }

    @Override
    public long depth(Destination destination) {
        if (destination.ordered()) {
            return new OrderedBacklog(
                            calls, names.topic(destination), names.orderedGroup(Names.place(destination.queue())))
                    .count();
        }
        return new Backlog(calls, names.topic(destination), names.group(destination)).count();
    }

    @Override
    public Browser browser(Destination destination) {
        if (destination.ordered()) {
            return Broker.super.browser(destination);
        }
        Backlog backlog = new Backlog(calls, names.topic(destination), names.group(destination));
        Map<TopicPartition, Backlog.Part> parts = backlog.parts();
        if (!whole(parts)) {
            nudge(destination);
            parts = backlog.parts();
        }
        if (!whole(parts)) {
            // Which of them are done with only the group knows.
            return Broker.super.browser(destination);
        }
        try {
            return new LogBrowser(
                    new KafkaConsumer<>(settings.browser()),
                    parts,
                    reader(destination),
                    settings.connectTimeout(),
                    "cannot look at topic '" + names.topic(destination) + "'");
        } catch (KafkaException failure) {
            throw Failures.onCreate("consumer", failure);
        }
    }

    private static boolean whole(Map<TopicPartition, Backlog.Part> parts) {
        return parts.values().stream().allMatch(Backlog.Part::whole);
    }

    /** The broker tells what the group has done with last only after its next write, which it makes if something is given back. */
    private void nudge(Destination destination) {
        try (Receiver receiver = receiver(destination, new ReceiverOptions(1))) {
            receiver.receive(1, NUDGE);
        } catch (InterruptedException interrupted) {
            // For who waits for the messages.
            Thread.currentThread().interrupt();
        }
    }

    private RecordReader reader(Destination destination) {
        return destination.role() == Destination.Role.MAIN
                ? Records::decode
                : new DeadLetterReader(
                        names.topic(destination),
                        destination.queue().name(),
                        () -> new KafkaConsumer<>(settings.lookup()));
    }

    @Override
    public List<Health.Component> health() {
        return Connections.health(
                settings.bootstrap(), calls.admin(), senders, receivers, orderedReceivers, pumps.running());
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return type.isInstance(calls.admin()) ? Optional.of(type.cast(calls.admin())) : Optional.empty();
    }

    @Override
    public void close() {
        receivers.forEach(KafkaReceiver::close);
        orderedReceivers.forEach(OrderedReceiver::close);
        pumps.close();
        senders.forEach(KafkaSender::close);
        calls.admin().close(CLOSE);
    }
}
