package dev.waybill.inmemory;

import dev.waybill.Capabilities;
import dev.waybill.Health;
import dev.waybill.SendException;
import dev.waybill.TopologyMode;
import dev.waybill.inmemory.InMemorySender.Gate;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Limits;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One Waybill's connection to a {@link Cluster}. */
final class InMemoryBroker implements Broker, InMemoryInspection {
    private final Address address;
    private final Cluster cluster;
    private final Capabilities capabilities;
    private final Faults faults = new Faults();
    private final Violations violations = new Violations();
    private final Reports reports;
    private final Set<InMemorySender> senders = new LinkedHashSet<>();
    private final Set<InMemoryReceiver> receivers = new LinkedHashSet<>();
    private Gate gate = Gate.OPEN;
    private String gateReason = "";
    private boolean down;
    private boolean closed;

    InMemoryBroker(Address address, Cluster cluster) {
        this.address = address;
        this.cluster = cluster;
        capabilities = Abilities.of(address.emulation());
        reports = new Reports(address.emulation().reportsLater(), violations);
    }

    Cluster cluster() {
        return cluster;
    }

    Emulation emulation() {
        return address.emulation();
    }

    Faults faults() {
        return faults;
    }

    <E extends RuntimeException> E violation(E violation) {
        return violations.add(violation);
    }

    void later(Runnable report) {
        reports.run(report);
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public Limits limits() {
        return address.emulation().limits();
    }

    @Override
    public void declare(QueueDefinition queue, TopologyMode mode) {
        synchronized (this) {
            mustBeUp();
        }
        if (mode == TopologyMode.OFF) {
            throw violation(new IllegalArgumentException("a queue cannot be declared with topology off"));
        }
        cluster.declare(queue, mode);
    }

    @Override
    public Sender sender(Destination destination, SenderListener listener) {
        InMemorySender sender;
        String blockedBy;
        synchronized (this) {
            mustBeUp();
            sender = new InMemorySender(this, destination, listener, gate);
            senders.add(sender);
            blockedBy = gate == Gate.BLOCKED ? gateReason : "";
        }
        if (!blockedBy.isEmpty()) {
            listener.blocked(blockedBy);
        }
        return sender;
    }

    @Override
    public Receiver receiver(Destination destination, ReceiverOptions options) {
        MessageQueue queue = cluster.queue(destination);
        synchronized (this) {
            mustBeUp();
            if (queue == null) {
                throw new BrokerException(BrokerException.Kind.MISSING, "there is no " + destination, null);
            }
            if (options.prefetch() < 1) {
                throw violation(new IllegalArgumentException("prefetch is " + options.prefetch()));
            }
            InMemoryReceiver receiver = new InMemoryReceiver(this, destination.toString(), queue, options.prefetch());
            receivers.add(receiver);
            return receiver;
        }
    }

    private void mustBeUp() {
        if (closed) {
            throw violation(new IllegalStateException(address + " was used after it was closed"));
        }
        if (down) {
            throw new BrokerException(BrokerException.Kind.UNAVAILABLE, address + " is down", null);
        }
    }

    synchronized void closed(InMemorySender sender) {
        senders.remove(sender);
    }

    synchronized void closed(InMemoryReceiver receiver) {
        receivers.remove(receiver);
    }

    /** It loses nothing, but is taken for one that does. */
    @Override
    public int lastDelivery(QueueDefinition queue) {
        return emulation().countsReleases() ? emulation().limit(queue) : Integer.MAX_VALUE;
    }

    @Override
    public long depth(Destination destination) {
        MessageQueue queue = cluster.queue(destination);
        synchronized (this) {
            mustBeUp();
        }
        if (queue == null) {
            throw new BrokerException(BrokerException.Kind.MISSING, "there is no " + destination, null);
        }
        return queue.depth();
    }

    @Override
    public synchronized List<Health.Component> health() {
        Health.Status status =
                down || closed ? Health.Status.DOWN : gate == Gate.BLOCKED ? Health.Status.DEGRADED : Health.Status.UP;
        String detail = closed ? "closed" : down ? "down" : gate == Gate.BLOCKED ? "blocked: " + gateReason : "open";
        return List.of(new Health.Component("connection", address.toString(), status, detail));
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return type == InMemoryInspection.class ? Optional.of(type.cast(this)) : Optional.empty();
    }

    @Override
    public void close() {
        List<InMemorySender> leakedSenders;
        List<InMemoryReceiver> leakedReceivers;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            leakedSenders = List.copyOf(senders);
            leakedReceivers = List.copyOf(receivers);
        }
        for (InMemorySender sender : leakedSenders) {
            violations.addLeak(sender + " is still open");
            sender.close();
        }
        for (InMemoryReceiver receiver : leakedReceivers) {
            violations.addLeak(receiver + " is still open and holds " + receiver.held() + " messages");
            receiver.close();
        }
        reports.close();
        cluster.leave();
    }

    @Override
    public int depth(String queue) {
        return queue(queue, Destination.Role.MAIN).depth();
    }

    @Override
    public int delayed(String queue) {
        return queue(queue, Destination.Role.MAIN).delayed();
    }

    @Override
    public int held(String queue) {
        return queue(queue, Destination.Role.MAIN).held();
    }

    @Override
    public int deadLetters(String queue) {
        return queue(queue, Destination.Role.DEAD_LETTER).depth();
    }

    @Override
    public void put(String queue, Map<String, String> headers, byte[] body) {
        String id = UUID.randomUUID().toString();
        queue(queue, Destination.Role.MAIN)
                .add(List.of(new Foreign(new Envelope(id, null, null, 0, Map.copyOf(headers), body.clone()))));
    }

    /** A message that nobody waits for. */
    private record Foreign(Envelope envelope) implements Outbound {
        @Override
        public void stored() {}

        @Override
        public void failed(SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
            throw new IllegalStateException(detail, cause);
        }
    }

    private MessageQueue queue(String name, Destination.Role role) {
        MessageQueue found = cluster.queue(name, role);
        if (found == null) {
            throw new IllegalArgumentException("there is no queue '" + name + "'");
        }
        return found;
    }

    @Override
    public synchronized int openReceivers() {
        return receivers.size();
    }

    @Override
    public synchronized int openSenders() {
        return senders.size();
    }

    @Override
    public List<String> violations() {
        return violations.all();
    }

    @Override
    public void disconnect() {
        List<InMemorySender> lostSenders;
        List<InMemoryReceiver> lostReceivers;
        synchronized (this) {
            lostSenders = new ArrayList<>(senders);
            lostReceivers = new ArrayList<>(receivers);
        }
        lostReceivers.forEach(InMemoryReceiver::disconnect);
        lostSenders.forEach(InMemorySender::disconnect);
    }

    @Override
    public void goDown() {
        synchronized (this) {
            down = true;
        }
        disconnect();
    }

    @Override
    public synchronized void comeBack() {
        down = false;
    }

    @Override
    public void block(String reason) {
        gate(Gate.BLOCKED, reason);
    }

    @Override
    public void unblock() {
        gate(Gate.OPEN, "");
    }

    @Override
    public void holdConfirmations() {
        gate(Gate.UNCONFIRMED, "");
    }

    @Override
    public void releaseConfirmations() {
        gate(Gate.OPEN, "");
    }

    private void gate(Gate wanted, String reason) {
        List<InMemorySender> concerned;
        synchronized (this) {
            gate = wanted;
            gateReason = reason;
            concerned = List.copyOf(senders);
        }
        concerned.forEach(sender -> sender.gate(wanted, reason));
    }

    @Override
    public void refuseDeadLetters(boolean refuse) {
        faults.refuseDeadLetters(refuse);
    }

    @Override
    public void refuseSends(int count, SendException.Reason reason) {
        faults.refuseSends(count, reason);
    }

    @Override
    public void refuseSettlements(int count) {
        faults.refuseSettlements(count);
    }
}
