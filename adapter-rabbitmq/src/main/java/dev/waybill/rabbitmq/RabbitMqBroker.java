package dev.waybill.rabbitmq;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.ConfigException;
import dev.waybill.Health;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Limits;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** RabbitMQ, opened: a connection to publish, another to consume, and what the server's version can do. */
final class RabbitMqBroker implements Broker {
    private static final long DEFAULT_MAX_MESSAGE_BYTES = 16L << 20;
    private static final int MAX_BATCH = 500;
    private static final int MAX_KEPT = 10_000;
    /** Far longer than the server's 30 minutes. */
    private static final long LONGEST_HELD_MILLIS = Duration.ofDays(24).toMillis();

    /** A queue keeps its messages in memory, at least for a while, and copies them to its replicas. */
    private static final long CLAIM_CHECK_BYTES = 128 << 10;
    /** Of a quorum queue, from 4.3 on. */
    private static final int MAX_PRIORITIES = 32;

    private static final String LANES = "a quorum queue a level";
    private static final String COPY = "a copy that is delayed, then an acknowledgement";

    private final BrokerContext context;
    private final Link publishing;
    private final Link consuming;
    private final Partitions partitions;
    private final Topology topology;
    private final ServerVersion version;
    private final HeaderRoom headerRoom;
    private final Capabilities capabilities;
    private final Limits limits;

    RabbitMqBroker(BrokerContext context) {
        this.context = context;
        // Before anything is opened that a wrong setting would leave open.
        long maxMessageBytes = maxMessageBytes(context);
        partitions = Partitions.of(context);
        ServerAddress address = ServerAddress.parse(context.uri().orElse("amqp://localhost"));
        ConnectionFactory factory = Factories.of(context, address);
        publishing = new Link(factory, address, context.clientName() + " publishes", context.blocking());
        consuming = new Link(factory, address, context.clientName() + " consumes", context.blocking());
        topology = new Topology(consuming, partitions);
        Line line = consuming.open();
        version = ServerVersion.of(line.connection());
        headerRoom = line.headerRoom();
        capabilities = capabilities(version);
        limits = new Limits(
                maxMessageBytes,
                MAX_BATCH,
                Long.MAX_VALUE,
                Integer.MAX_VALUE,
                Integer.MAX_VALUE,
                1,
                Delays.MOST_MILLIS,
                MAX_KEPT,
                version.atLeast(ServerVersion.V4_3) ? MAX_PRIORITIES : 0,
                CLAIM_CHECK_BYTES);
    }

    private static long maxMessageBytes(BrokerContext context) {
        String key = RabbitMqBrokerProvider.MAX_MESSAGE_BYTES;
        String value = context.setting(key).orElse(Long.toString(DEFAULT_MAX_MESSAGE_BYTES));
        try {
            long most = Long.parseLong(value);
            if (most > 0) {
                return most;
            }
        } catch (NumberFormatException notOne) {
            throw new ConfigException(
                    "waybill.rabbitmq." + key + " is '" + value + "' but must be a number of bytes", notOne);
        }
        throw new ConfigException("waybill.rabbitmq." + key + " is '" + value + "' but must be at least 1");
    }

    static Capabilities capabilities(ServerVersion version) {
        Capabilities.Builder builder = Capabilities.of("RabbitMQ " + version.text())
                .nativeBy(Capability.DURABLE_SEND, "publisher confirm of a quorum queue")
                .nativeBy(Capability.SURVIVES_RESTART, "quorum queue")
                .nativeBy(Capability.COMPETING_CONSUMERS, "consumers of one queue")
                .nativeBy(Capability.FIFO, "quorum queue")
                .unsupported(
                        Capability.LOCK_EXPIRY,
                        "a lock ends with its connection, or with the server's consumer_timeout (30 minutes by default)")
                .nativeBy(Capability.LOCK_EXTENSION, "a lock lasts as long as its connection")
                .nativeBy(Capability.DELIVERY_COUNT, "x-delivery-count")
                .nativeBy(Capability.DELIVERY_LIMIT, "x-delivery-limit with at-least-once dead-lettering")
                .emulated(
                        Capability.DELAYED_SEND,
                        "queues with a time to live, dead-lettered from one to the next: a write for each of up to "
                                + Delays.MOST_LEVELS + ", and up to 100 ms and 1% late")
                .nativeBy(
                        Capability.KEY_ORDER,
                        "quorum queues with a single active consumer, to one of which each key leads, and which receivers share")
                .nativeBy(Capability.BATCH_SEND, "pipelined publishes with confirms")
                .nativeBy(Capability.BATCH_SETTLE, "multiple acknowledgements where contiguous")
                .nativeBy(Capability.FLOW_CONTROL, "connection.blocked and TCP back-pressure")
                .nativeBy(Capability.TOPOLOGY_VERIFY, "equivalence of queue arguments");
        return version.atLeast(ServerVersion.V4_3)
                ? builder.nativeBy(Capability.PRIORITY, "a quorum queue, strictly; with aging or shares " + LANES)
                        .nativeBy(Capability.UNCOUNTED_RELEASE, "basic.nack with requeue")
                        .emulated(
                                Capability.DELAYED_RETRY,
                                COPY + "; by the queue itself (x-delayed-retry) where the policy is fixed or linear,"
                                        + " without jitter, of at most a minute")
                        .build()
                : builder.emulated(Capability.DELAYED_RETRY, COPY)
                        .emulated(Capability.PRIORITY, LANES)
                        .unsupported(Capability.UNCOUNTED_RELEASE, "every return counts before RabbitMQ 4.3")
                        .build();
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
    }

    @Override
    public Sender sender(Destination destination, SenderListener listener) {
        return new RabbitMqSender(
                publishing.open(),
                destination,
                Route.to(destination, partitions),
                listener,
                context.blocking(),
                context.time());
    }

    @Override
    public Receiver receiver(Destination destination, ReceiverOptions options) {
        Line line = consuming.open();
        if (destination.ordered()) {
            return new PartitionedReceiver(
                    consuming::open,
                    Topology.name(destination),
                    partitions.of(Topology.name(destination)),
                    reading(destination, line.headerRoom()),
                    options,
                    context.blocking(),
                    Factories.millis(context.connectTimeout()));
        }
        return new RabbitMqReceiver(
                line,
                Topology.name(destination),
                reading(destination, line.headerRoom()),
                options.prefetch(),
                version.atLeast(ServerVersion.V4_3),
                topology.nativeRetry(destination),
                options.starves() && version.atLeast(ServerVersion.V4_3)
                        ? Map.of("x-consumer-timeout", LONGEST_HELD_MILLIS)
                        : Map.of(),
                context.blocking(),
                Factories.millis(context.connectTimeout()));
    }

    private Envelopes.Reading reading(Destination destination, HeaderRoom room) {
        return destination.role() == Role.DEAD_LETTER
                ? new Deaths(destination.queue().name(), topology.maxDeliveries(destination.queue()))
                : (properties, body) -> Envelopes.envelope(properties, body).within(room);
    }

    @Override
    public long depth(Destination destination) {
        return topology.depth(destination);
    }

    @Override
    public Optional<String> tooLarge(Envelope envelope) {
        return Optional.ofNullable(headerRoom.refusal(envelope));
    }

    @Override
    public List<Health.Component> health() {
        return List.of(publishing.health(), consuming.health());
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return type == Connection.class ? Optional.of(type.cast(consuming.open().connection())) : Optional.empty();
    }

    @Override
    public void close() {
        publishing.close();
        consuming.close();
    }
}
