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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.sqs.SqsClient;

/** SQS, opened: a pool of HTTP connections. */
final class SqsBroker implements Broker {
    private static final Logger LOG = LoggerFactory.getLogger(SqsBroker.class);
    private static final int MAX_SEND_CALLS = 16;
    private static final int MAX_RECEIVERS = 8;
    /** Of the 120,000 that SQS allows in flight. */
    private static final int MAX_KEPT = 10_000;

    /** Of the 1 MiB that a request may have, so that it carries several messages. */
    private static final long CLAIM_CHECK_BYTES = 192 << 10;

    private static final Limits LIMITS = new Limits(
            SqsSender.MAX_BYTES,
            SqsSender.MAX_BATCH,
            SqsSender.MAX_BYTES,
            MAX_SEND_CALLS,
            Poller.MAX_RECEIVE,
            MAX_RECEIVERS,
            SqsSender.MAX_DELAY.toMillis(),
            MAX_KEPT,
            0,
            CLAIM_CHECK_BYTES);

    /** Long enough for the polls of a busy queue, which answer at once, and short enough for nobody to wait for the others. */
    private static final Duration LAST_POLLS = Duration.ofMillis(300);

    /** To give back what the last polls have brought: several requests, each bounded by itself. */
    private static final Duration LAST_RETURNS = Duration.ofSeconds(30);

    private static final Capabilities CAPABILITIES = Capabilities.of("Amazon SQS")
            .nativeBy(Capability.DURABLE_SEND, "the response of SendMessageBatch")
            .nativeBy(Capability.SURVIVES_RESTART, "SQS stores every message redundantly")
            .nativeBy(Capability.COMPETING_CONSUMERS, "visibility timeout")
            .unsupported(Capability.FIFO, "standard queues keep the order by best effort only")
            .nativeBy(Capability.LOCK_EXPIRY, "visibility timeout, in whole seconds")
            .nativeBy(Capability.LOCK_EXTENSION, "ChangeMessageVisibilityBatch, to 12 hours in all from the receipt on")
            .nativeBy(Capability.DELIVERY_COUNT, "ApproximateReceiveCount")
            .unsupported(Capability.UNCOUNTED_RELEASE, "every receipt counts, whatever becomes of it")
            .nativeBy(Capability.DELIVERY_LIMIT, "RedrivePolicy.maxReceiveCount")
            .nativeBy(
                    Capability.DELAYED_SEND,
                    "DelaySeconds, in whole seconds, to 15 minutes; what waits longer is sent on every 15 minutes")
            .nativeBy(
                    Capability.DELAYED_RETRY,
                    "ChangeMessageVisibilityBatch, in whole seconds, to 12 hours from the receipt on; beyond that a copy")
            .nativeBy(Capability.BATCH_SEND, "SendMessageBatch, ten a request")
            .nativeBy(Capability.BATCH_SETTLE, "DeleteMessageBatch and ChangeMessageVisibilityBatch, ten a request")
            .emulated(
                    Capability.FLOW_CONTROL,
                    "a throttled send is repeated with backoff, so that what may be in flight fills up")
            .nativeBy(Capability.TOPOLOGY_VERIFY, "GetQueueAttributes")
            .emulated(Capability.PRIORITY, "a queue a level")
            .nativeBy(Capability.KEY_ORDER, "a FIFO queue, with a message group for each key")
            .build();

    private final BrokerContext context;
    private final Clients clients;
    private final Topology topology;
    private final UnderWay polls = new UnderWay();
    private final Map<String, OpenPolls> pollsByUrl = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();

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
        return new SqsSender(
                clients.sends(), url, FifoIds.of(destination), context.blocking(), () -> topology.forget(destination));
    }

    @Override
    public Receiver receiver(Destination destination, ReceiverOptions options) {
        String url = topology.url(destination);
        Duration lock = Topology.lock(destination.queue());
        Settlements settlements =
                new Settlements(new Handles(clients.calls(), url), lock, context.blocking(), context.time());
        boolean dead = destination.role() == Destination.Role.DEAD_LETTER;
        Poller poller = new Poller(
                clients.calls(),
                url,
                lock,
                context.connectTimeout(),
                dead,
                Topology.mostCounted(destination),
                context.time());
        // Nothing limits how often a dead letter is received.
        OpenPolls open = dead ? new OpenPolls(polls) : pollsByUrl.computeIfAbsent(url, each -> new OpenPolls(polls));
        return new SqsReceiver(
                poller,
                open,
                settlements,
                options.prefetch(),
                lock,
                context.blocking(),
                context.time(),
                () -> topology.forget(destination));
    }

    @Override
    public Optional<String> tooLarge(Envelope envelope) {
        return WireForm.tooLarge(WireForm.of(envelope).size());
    }

    @Override
    public int lastDelivery(QueueDefinition queue) {
        return Topology.limit(queue);
    }

    @Override
    public long depth(Destination destination) {
        return topology.depth(destination);
    }

    @Override
    public List<Health.Component> health() {
        return List.of(clients.reachability().component());
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return type == SqsClient.class ? Optional.of(type.cast(clients.calls())) : Optional.empty();
    }

    /**
     * Does not wait for long polls to end, nor cuts them off, since SQS may still hand messages to them. The clients stay open until
     * the last is answered and what it has brought is given back.
     */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        if (polls.awaitNone(LAST_POLLS)) {
            clients.close();
            return;
        }
        LOG.debug("polls are still open; the connections are closed when they are answered");
        // A daemon of our own: the program may end, and core's threads may have.
        Thread closing = new Thread(this::closeAfterPolls, "waybill-sqs-close");
        closing.setDaemon(true);
        closing.start();
    }

    private void closeAfterPolls() {
        if (!polls.awaitNone(
                HttpPool.LONGEST_POLL.plus(context.connectTimeout()).plus(LAST_RETURNS))) {
            LOG.warn("polls that were open at the close did not end; they are cut off, and what SQS has handed to them"
                    + " comes back when its lock ends");
        }
        clients.close();
    }
}
