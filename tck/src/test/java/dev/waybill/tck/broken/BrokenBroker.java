package dev.waybill.tck.broken;

import dev.waybill.Capabilities;
import dev.waybill.Health;
import dev.waybill.TopologyException;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Browser;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Limits;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A working broker with one fault. */
final class BrokenBroker implements Broker {
    private final Broker working;
    private final @Nullable Fault fault;

    BrokenBroker(Broker working, @Nullable Fault fault) {
        this.working = working;
        this.fault = fault;
    }

    @Override
    public Capabilities capabilities() {
        return working.capabilities();
    }

    @Override
    public Limits limits() {
        return working.limits();
    }

    @Override
    public void declare(QueueDefinition queue, TopologyMode mode) {
        try {
            working.declare(place(queue), mode);
        } catch (TopologyException differs) {
            if (fault != Fault.DIFFERENCES_GO_UNSEEN) {
                throw differs;
            }
        }
    }

    private QueueDefinition place(QueueDefinition queue) {
        if (fault == Fault.KEYS_ARE_SHARED) {
            return new QueueDefinition(queue.name(), queue.maxDeliveries(), queue.lockDuration(), queue.retry());
        }
        boolean one = fault == Fault.LANES_ARE_ONE
                || fault == Fault.FORGETS_THE_PRIORITY_OF_WHAT_WAITS && queue.priorities() > 0;
        return one ? queue.withLane(0) : queue;
    }

    private Destination place(Destination destination) {
        return new Destination(place(destination.queue()), destination.role());
    }

    @Override
    public Sender sender(Destination destination, SenderListener listener) {
        return new BrokenSender(working.sender(place(destination), listener), fault);
    }

    @Override
    public Receiver receiver(Destination destination, ReceiverOptions options) {
        return new BrokenReceiver(working.receiver(place(destination), options), fault);
    }

    @Override
    public int lastDelivery(QueueDefinition queue) {
        return working.lastDelivery(queue);
    }

    @Override
    public long depth(Destination destination) {
        return working.depth(destination);
    }

    @Override
    public Browser browser(Destination destination) {
        return working.browser(destination);
    }

    @Override
    public List<Health.Component> health() {
        return working.health();
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return working.unwrap(type);
    }

    @Override
    public void close() {
        working.close();
    }
}
