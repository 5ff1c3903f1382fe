package dev.waybill.inmemory;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Limits;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Puts messages into one queue. */
final class InMemorySender implements Sender {
    private final InMemoryBroker broker;
    private final Destination destination;
    private final SenderListener listener;
    private final Limits limits;
    private @Nullable MessageQueue queue;
    private volatile @Nullable Thread sending;
    /** Why it has ended; null while it is open. Set under this monitor, as is the gate. */
    private volatile @Nullable Reason ended;

    private volatile Gate gate;
    /** What was handed over and not yet reported, in order. Guarded by this. */
    private final Set<SendCall> outstanding = new LinkedHashSet<>();

    InMemorySender(InMemoryBroker broker, Destination destination, SenderListener listener, Gate gate) {
        this.broker = broker;
        this.destination = destination;
        this.listener = listener;
        this.gate = gate;
        limits = broker.limits();
    }

    @Override
    public void send(List<? extends Outbound> batch) {
        Thread here = Thread.currentThread();
        Thread before = sending;
        // The same thread again is a report that sends on, which is allowed.
        if (before != null && before != here) {
            throw broker.violation(new IllegalStateException(this + " sends on two threads at once"));
        }
        sending = here;
        try {
            mustBeWithinLimits(batch);
            sendChecked(batch);
        } finally {
            sending = before;
        }
    }

    private void sendChecked(List<? extends Outbound> batch) {
        Reason over = ended;
        if (over != null) {
            refuse(batch, over, this + " has ended");
            return;
        }
        MessageQueue target = target();
        if (target == null) {
            refuse(batch, Reason.UNROUTABLE, "there is no " + destination);
            return;
        }
        List<? extends Outbound> accepted = fitting(broker.faults().refuseSends(batch, destination));
        if (accepted.isEmpty()) {
            return;
        }
        if (gate == Gate.OPEN && !broker.emulation().reportsLater()) {
            target.add(accepted);
            for (int i = 0; i < accepted.size(); i++) {
                accepted.get(i).stored();
            }
        } else {
            sendLater(new SendCall(accepted, target));
        }
    }

    private void sendLater(SendCall call) {
        boolean confirms;
        synchronized (this) {
            if (outstanding.size() >= limits.maxSendCalls()) {
                throw broker.violation(
                        new IllegalStateException(this + " has " + outstanding.size() + " calls open already"));
            }
            outstanding.add(call);
            if (ended == null && gate != Gate.BLOCKED) {
                call.store();
            }
            confirms = ended == null && gate == Gate.OPEN;
        }
        if (confirms) {
            broker.later(() -> confirm(call));
        } else if (ended != null) {
            failOutstanding();
        }
    }

    private void confirm(SendCall call) {
        boolean unreported;
        synchronized (this) {
            unreported = outstanding.remove(call);
        }
        if (unreported) {
            call.confirm();
        }
    }

    private void failOutstanding() {
        List<SendCall> failed;
        Reason reason;
        synchronized (this) {
            failed = List.copyOf(outstanding);
            outstanding.clear();
            reason = ended == null ? Reason.CONNECTION_LOST : ended;
        }
        failed.forEach(call -> call.fail(reason, this + " has ended before the broker answered"));
    }

    /** Holds what is handed over from now on, or lets it go, in order. */
    void gate(Gate wanted, String reason) {
        boolean wasBlocked;
        List<SendCall> released = List.of();
        synchronized (this) {
            wasBlocked = gate == Gate.BLOCKED;
            if (wanted != Gate.BLOCKED && ended == null) {
                outstanding.forEach(SendCall::store);
            }
            if (wanted == Gate.OPEN) {
                released = List.copyOf(outstanding);
            }
            gate = wanted;
        }
        for (SendCall call : released) {
            broker.later(() -> confirm(call));
        }
        if (wanted == Gate.BLOCKED) {
            listener.blocked(reason);
        } else if (wasBlocked) {
            listener.unblocked();
        }
    }

    private @Nullable MessageQueue target() {
        MessageQueue found = queue;
        if (found == null) {
            found = broker.cluster().queue(destination);
            queue = found;
        }
        return found;
    }

    private void mustBeWithinLimits(List<? extends Outbound> batch) {
        if (batch.isEmpty() || batch.size() > limits.maxSendBatch()) {
            throw broker.violation(new IllegalArgumentException(
                    this + " was given " + batch.size() + " messages but takes 1 to " + limits.maxSendBatch()));
        }
        for (int i = 0; i < batch.size(); i++) {
            long delay = batch.get(i).delayMillis();
            if (delay < 0 || delay > limits.maxDelayMillis()) {
                throw broker.violation(new IllegalArgumentException(
                        this + " was given a delay of " + delay + " ms but takes 0 to " + limits.maxDelayMillis()));
            }
            if (delay > 0 && batch.get(i).priority() >= 0) {
                throw broker.violation(
                        new IllegalArgumentException(this + " was given a priority and a delay at once"));
            }
        }
        if (limits.maxSendBatchBytes() == Long.MAX_VALUE || batch.size() == 1) {
            return;
        }
        long bytes =
                batch.stream().mapToLong(message -> message.envelope().size()).sum();
        if (bytes > limits.maxSendBatchBytes()) {
            throw broker.violation(new IllegalArgumentException(this + " was given " + bytes
                    + " bytes in one batch but takes at most " + limits.maxSendBatchBytes()));
        }
    }

    /** Reports those that are too large, and returns the others. */
    private List<? extends Outbound> fitting(List<? extends Outbound> batch) {
        for (int i = 0; i < batch.size(); i++) {
            if (!fits(batch.get(i).envelope())) {
                return withoutTooLarge(batch);
            }
        }
        return batch;
    }

    private List<Outbound> withoutTooLarge(List<? extends Outbound> batch) {
        List<Outbound> fitting = new ArrayList<>();
        for (Outbound message : batch) {
            if (fits(message.envelope())) {
                fitting.add(message);
            } else {
                refuse(
                        List.of(message),
                        Reason.TOO_LARGE,
                        message.envelope().size() + " bytes are more than the " + limits.maxMessageBytes()
                                + " that the broker takes");
            }
        }
        return fitting;
    }

    private boolean fits(Envelope envelope) {
        // Nearly every message is far from the limit, and its exact size costs a look at each character.
        return isFarBelow(limits.maxMessageBytes(), envelope) || envelope.size() <= limits.maxMessageBytes();
    }

    private static boolean isFarBelow(long limit, Envelope envelope) {
        return envelope.headers().isEmpty()
                && envelope.body().length
                                + 64L
                                + 3L * (length(envelope.id()) + length(envelope.key()) + length(envelope.contentType()))
                        <= limit;
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }

    private static void refuse(List<? extends Outbound> batch, Reason reason, String detail) {
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).failed(reason, false, detail, null);
        }
    }

    @Override
    public boolean usable() {
        return ended == null;
    }

    @Override
    public void close() {
        end(Reason.CLOSED);
        broker.closed(this);
    }

    /** The connection is lost. */
    void disconnect() {
        end(Reason.CONNECTION_LOST);
    }

    private void end(Reason reason) {
        synchronized (this) {
            if (ended == null) {
                ended = reason;
            }
        }
        failOutstanding();
    }

    @Override
    public String toString() {
        return "sender to " + destination;
    }

    /** What becomes of messages that are handed over. */
    enum Gate {
        /** They are stored and confirmed. */
        OPEN,
        /** They are stored. */
        UNCONFIRMED,
        /** They stay on their way. */
        BLOCKED
    }
}
