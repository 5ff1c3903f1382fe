package dev.waybill.convoy;

import dev.waybill.CodecException;
import dev.waybill.Message;
import dev.waybill.PriorityPolicy;
import dev.waybill.Queue;
import dev.waybill.SendException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What an action does, until it is kept. */
final class StepImpl<D> implements Step<D> {
    /** For headers that core and tracing add when it is sent. */
    private static final int HEADERS_BYTES = 2048;

    private static final int MOST_BYTES_OF_CHAR = 3;

    private final String key;
    private final ConvoyStore.Transaction transaction;
    private final Map<String, Queue<?>> queues;
    private final long maxMessageBytes;
    private final List<Outgoing> outgoing = new ArrayList<>();
    private D data;

    /**
     * @param queues to which it may send, by name
     * @param maxMessageBytes what the broker takes
     */
    StepImpl(
            String key,
            D data,
            ConvoyStore.Transaction transaction,
            Map<String, Queue<?>> queues,
            long maxMessageBytes) {
        this.key = key;
        this.data = data;
        this.transaction = transaction;
        this.queues = queues;
        this.maxMessageBytes = maxMessageBytes;
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
        if (queues.get(queue.name()) != queue) {
            throw new IllegalArgumentException(
                    queue + " is not one that the convoys send to; they send to " + queues.keySet());
        }
        demandPossible(queue, message);
        byte[] body;
        try {
            body = queue.codec().encode(message.payload());
        } catch (Exception e) {
            throw new CodecException(message + " to " + queue + " cannot be encoded: " + e.getMessage(), e);
        }
        demandRoom(queue, message, body);
        outgoing.add(Letter.of(key, queue, message, body));
    }

    /** What a producer would refuse each time is refused here: it would be in front of all that the convoy sends later. */
    private static void demandPossible(Queue<?> queue, Message<?> message) {
        if (queue.isOrderedByKey() && message.delayMillis(System.currentTimeMillis()) > 0) {
            throw new IllegalArgumentException(message + " is to wait, but " + queue
                    + " is ordered by key, and what is sent later would overtake it");
        }
        boolean hasLevel = message.priority() > 0 || message.tier().isPresent();
        if (!hasLevel || queue.prioritiesName().isPresent()) {
            return;
        }
        PriorityPolicy policy = queue.priorities()
                .orElseThrow(() ->
                        new IllegalArgumentException(message + " has a priority, but " + queue + " has no priorities"));
        boolean exists =
                message.tier().map(tier -> policy.tier(tier).isPresent()).orElse(message.priority() < policy.levels());
        if (!exists) {
            throw new IllegalArgumentException(
                    message + " has a priority that " + queue + " does not have, with " + policy);
        }
    }

    private void demandRoom(Queue<?> queue, Message<?> message, byte[] body) {
        long chars = (long) message.id().length() + message.key().orElse(key).length();
        for (Map.Entry<String, String> header : message.headers().entrySet()) {
            chars += header.getKey().length() + header.getValue().length();
        }
        long most = body.length + chars * MOST_BYTES_OF_CHAR + HEADERS_BYTES;
        if (queue.claimCheck().isEmpty() && most > maxMessageBytes) {
            throw new SendException(
                    SendException.Reason.TOO_LARGE,
                    false,
                    queue.name(),
                    message.id(),
                    "it has " + body.length + " bytes, and " + (most - body.length)
                            + " are kept for its headers, but the broker takes " + maxMessageBytes
                            + ": a claim check lets it wait in a store",
                    null);
        }
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return transaction.unwrap(type);
    }

    List<Outgoing> outgoing() {
        return outgoing;
    }
}
