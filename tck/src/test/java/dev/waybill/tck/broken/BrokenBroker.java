package dev.waybill.tck.broken;

import dev.waybill.Capabilities;
import dev.waybill.Health;
import dev.waybill.SendException;
import dev.waybill.TopologyException;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Limits;
import dev.waybill.spi.Outbound;
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
            working.declare(queue, mode);
        } catch (TopologyException differs) {
            if (fault != Fault.DIFFERENCES_GO_UNSEEN) {
                throw differs;
            }
        }
    }

    @Override
    public Sender sender(Destination destination, SenderListener listener) {
        Sender sender = working.sender(destination, listener);
        return fault == Fault.SWALLOWS_A_SEND_ERROR ? new SwallowingSender(sender) : sender;
    }

    @Override
    public Receiver receiver(Destination destination, ReceiverOptions options) {
        return new BrokenReceiver(working.receiver(destination, options), fault);
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

    /** Says stored, whatever happened. */
    private record SwallowingSender(Sender working) implements Sender {
        @Override
        public void send(List<? extends Outbound> batch) {
            working.send(batch.stream().map(Swallowing::new).toList());
        }

        @Override
        public boolean usable() {
            return working.usable();
        }

        @Override
        public void close() {
            working.close();
        }
    }

    private record Swallowing(Outbound message) implements Outbound {
        @Override
        public Envelope envelope() {
            return message.envelope();
        }

        @Override
        public void stored() {
            message.stored();
        }

        @Override
        public void failed(SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
            message.stored();
        }
    }
}
