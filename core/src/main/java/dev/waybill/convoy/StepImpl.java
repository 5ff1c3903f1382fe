package dev.waybill.convoy;

import dev.waybill.CodecException;
import dev.waybill.Message;
import dev.waybill.Queue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What an action does, until it is kept. */
final class StepImpl<D> implements Step<D> {
    private final String key;
    private final ConvoyStore.Transaction transaction;
    private final Map<String, Relay.Target<?>> targets;
    private final List<Outgoing> outgoing = new ArrayList<>();
    private D data;

    /** @param targets to which it may send, by the names of their queues */
    StepImpl(String key, D data, ConvoyStore.Transaction transaction, Map<String, Relay.Target<?>> targets) {
        this.key = key;
        this.data = data;
        this.transaction = transaction;
        this.targets = targets;
    }

    @Override
    public String key() {
        return key;
    }

    @Override
    public D data() {
        return data;
    }

    @Override
    public void data(D data) {
        this.data = Objects.requireNonNull(data, "data");
    }

    @Override
    public <T> void send(Queue<T> queue, Message<T> message) {
        Relay.Target<?> target = targets.get(queue.name());
        if (target == null || target.queue() != queue) {
            throw new IllegalArgumentException(
                    queue + " is not one that the convoys send to; they send to " + targets.keySet());
        }
        byte[] body;
        try {
            body = queue.codec().encode(message.payload());
        } catch (Exception e) {
            throw new CodecException(message + " to " + queue + " cannot be encoded: " + e.getMessage(), e);
        }
        Outgoing letter = Letter.of(key, queue, message, body, transaction.now());
        // What is refused each time would be in front of all that the convoy sends later.
        target.producer().check(Letter.message(letter, body, 0));
        outgoing.add(letter);
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return transaction.unwrap(type);
    }

    List<Outgoing> outgoing() {
        return outgoing;
    }
}
