package dev.waybill.sqs;

import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.Health;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Limits;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.sqs.SqsClient;

/** SQS, opened: a pool of HTTP connections. */
final class SqsBroker implements Broker {
    private static final Logger LOG = LoggerFactory.getLogger(SqsBroker.class);
    private static final int MAX_SEND_CALLS = 16;
    private static final int MAX_RECEIVERS = 8;
    private static final Limits LIMITS = new Limits(
            SqsSender.MAX_BYTES,
            SqsSender.MAX_BATCH,
            SqsSender.MAX_BYTES,
            MAX_SEND_CALLS,
            Poller.MAX_RECEIVE,
            MAX_RECEIVERS);

    /** Long enough for the polls of a busy queue, which answer at once, and short enough for nobody to wait for the others. */
    private static final Duration LAST_POLLS = Duration.ofMillis(300);

    private static final Capabilities CAPABILITIES = Capabilities.of("Amazon SQS standard queues")
            .nativeBy(Capability.DURABLE_SEND, "the response of SendMessageBatch")
            .nativeBy(Capability.SURVIVES_RESTART, "SQS stores every message redundantly")
            .nativeBy(Capability.COMPETING_CONSUMERS, "visibility timeout")
            .unsupported(Capability.FIFO, "standard queues keep the order by best effort only")
            .nativeBy(Capability.LOCK_EXPIRY, "visibility timeout, in whole seconds")
            .nativeBy(Capability.LOCK_EXTENSION, "ChangeMessageVisibilityBatch, to 12 hours in all from the receipt on")
            .nativeBy(Capability.DELIVERY_COUNT, "ApproximateReceiveCount")
            .unsupported(Capability.UNCOUNTED_RELEASE, "every receipt counts, whatever becomes of it")
            .nativeBy(Capability.DELIVERY_LIMIT, "RedrivePolicy.maxReceiveCount")
            .nativeBy(Capability.BATCH_SEND, "SendMessageBatch, ten a request")
            .nativeBy(Capability.BATCH_SETTLE, "DeleteMessageBatch and ChangeMessageVisibilityBatch, ten a request")
            .emulated(
                    Capability.FLOW_CONTROL,
                    "a throttled send is repeated with backoff, so that what may be in flight fills up")
            .nativeBy(Capability.TOPOLOGY_VERIFY, "GetQueueAttributes")
            .build();

    private final BrokerContext context;
    private final Clients clients;
    private final Topology topology;
    private final UnderWay polls = new UnderWay();

    SqsBroker(BrokerContext context) {
        this.context = context;
        clients = Clients.open(context);
        topology = new Topology(clients.calls());
        try {
            probe(clients.calls());
        } catch (BrokerException failed) {
            clients.close();
            throw failed;
        }
    }

    /** SQS has no connection to open: one small question tells whether address and credentials are good. */
    private static void probe(SqsClient client) {
        try {
            client.listQueues(r -> r.maxResults(1));
        } catch (RuntimeException failed) {
            BrokerException known = Faults.of(failed);
            if (known.kind() == Kind.DENIED && Faults.knownButNotAllowed(failed)) {
                // The credentials are good; that they may not list the queues is no harm.
                LOG.debug("not allowed to list queues: {}", known.getMessage());
            } else {
                throw known;
            }
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
        String url = topology.url(destination);
        return new SqsSender(clients.sends(), url, context.blocking(), () -> topology.forget(destination));
    }

    @Override
    public Receiver receiver(Destination destination, ReceiverOptions options) {
        String url = topology.url(destination);
        Duration lock = Topology.lock(destination.queue());
        Settlements settlements =
                new Settlements(new Handles(clients.calls(), url), lock, context.blocking(), context.time());
        Poller poller = new Poller(clients.calls(), url, lock, context.connectTimeout(), polls, context.time());
        return new SqsReceiver(
                poller,
                settlements,
                options.prefetch(),
                lock,
                context.blocking(),
                context.time(),
                () -> topology.forget(destination));
    }

    @Override
    public List<Health.Component> health() {
        return List.of(clients.reachability().component());
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return type == SqsClient.class ? Optional.of(type.cast(clients.calls())) : Optional.empty();
    }

    /** Does not wait for long polls to end: what SQS hands to one that is cut off comes back when its lock ends. */
    @Override
    public void close() {
        if (!polls.awaitNone(LAST_POLLS)) {
            LOG.debug("polls are still open; they are cut off");
        }
        clients.close();
    }
}
