package dev.waybill.sqs;

import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.Health;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Limits;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.sqs.SqsClient;

/** SQS, opened: a pool of HTTP connections. */
final class SqsBroker implements Broker {
    private static final int MAX_SEND_CALLS = 16;
    private static final int MAX_RECEIVERS = 8;
    private static final Limits LIMITS = new Limits(
            SqsSender.MAX_BYTES,
            SqsSender.MAX_BATCH,
            SqsSender.MAX_BYTES,
            MAX_SEND_CALLS,
            SqsReceiver.MAX_RECEIVE,
            MAX_RECEIVERS);

    private static final Capabilities CAPABILITIES = Capabilities.of("Amazon SQS standard queues")
            .nativeBy(Capability.DURABLE_SEND, "the response of SendMessageBatch")
            .nativeBy(Capability.SURVIVES_RESTART, "SQS stores every message redundantly")
            .nativeBy(Capability.COMPETING_CONSUMERS, "visibility timeout")
            .unsupported(Capability.FIFO, "standard queues order by best effort only")
            .nativeBy(Capability.LOCK_EXPIRY, "visibility timeout")
            .nativeBy(Capability.LOCK_EXTENSION, "ChangeMessageVisibilityBatch, up to 12 hours in all")
            .nativeBy(Capability.DELIVERY_COUNT, "ApproximateReceiveCount")
            .unsupported(Capability.UNCOUNTED_RELEASE, "every receive counts")
            .nativeBy(Capability.DELIVERY_LIMIT, "RedrivePolicy.maxReceiveCount")
            .nativeBy(Capability.BATCH_SEND, "SendMessageBatch, ten a request")
            .nativeBy(Capability.BATCH_SETTLE, "DeleteMessageBatch and ChangeMessageVisibilityBatch, ten a request")
            .nativeBy(Capability.FLOW_CONTROL, "throttling of requests")
            .nativeBy(Capability.TOPOLOGY_VERIFY, "GetQueueAttributes")
            .build();

    private final BrokerContext context;
    private final Clients clients;
    private final Topology topology;

    SqsBroker(BrokerContext context) {
        this.context = context;
        clients = Clients.open(context);
        topology = new Topology(clients.calls());
        try {
            // SQS has no connection to open: one small question tells whether address and credentials are good.
            clients.calls().listQueues(r -> r.maxResults(1));
        } catch (RuntimeException failed) {
            clients.close();
            throw Faults.of(failed);
        }
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Limits limits() {
        return LIMITS;
    }

    @Override
    public void declare(QueueDefinition queue, TopologyMode mode) {
        topology.declare(queue, mode);
    }

    @Override
    public Sender sender(Destination destination, SenderListener listener) {
        return new SqsSender(clients.sends(), topology.url(destination), context.blocking());
    }

    @Override
    public Receiver receiver(Destination destination, ReceiverOptions options) {
        return new SqsReceiver(
                clients.calls(),
                topology.url(destination),
                destination.queue().lockDuration(),
                context.blocking(),
                context.time());
    }

    @Override
    public List<Health.Component> health() {
        return List.of(
                new Health.Component("connection", clients.address(), Health.Status.UP, "HTTP, opened per request"));
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return type.isAssignableFrom(SqsClient.class) ? Optional.of(type.cast(clients.calls())) : Optional.empty();
    }

    @Override
    public void close() {
        clients.close();
    }
}
