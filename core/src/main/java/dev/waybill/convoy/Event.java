package dev.waybill.convoy;

import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Queue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A message to a convoy, be it just delivered or held before.
 *
 * @param id by which the convoy knows it, also where it went to its queue again under another
 * @param redelivered whether it may have been delivered before; may ask the broker
 */
record Event<E>(String key, String id, E payload, Map<String, String> headers, BooleanSupplier redelivered) {
    private static final Logger LOG = LoggerFactory.getLogger(Event.class);

    /** A broker may drop what has the id of another. */
    private static final String ID = "convoy-message-id";

    private static final String REQUEUES = "convoy-requeues";

    static <E> Event<E> of(String key, Delivery<E> delivery) {
        Map<String, String> headers = delivery.headers();
        String id = headers.getOrDefault(ID, "");
        // Whoever may send to the queue may set headers: to no id, or one that no store takes, that of the message is
        // preferred.
        boolean usable = !id.isEmpty() && id.length() <= ConvoyStore.LONGEST_NAME;
        return new Event<>(key, usable ? id : delivery.id(), delivery.payload(), headers, delivery::redelivered);
    }

    static <E> Event<E> of(String key, HeldMessage held, Queue<E> queue) throws Exception {
        return new Event<>(key, held.messageId(), queue.codec().decode(held.body()), held.headers(), () -> true);
    }

    String type() {
        return payload.getClass().getSimpleName();
    }

    HeldMessage hold(long order, Queue<E> queue) throws Exception {
        return new HeldMessage(order, id, type(), headers, queue.codec().encode(payload));
    }

    /** None also if that cannot be read. */
    int requeues() {
        try {
            return Math.max(0, Integer.parseInt(headers.getOrDefault(REQUEUES, "0")));
        } catch (NumberFormatException forged) {
            return 0;
        }
    }

    /** To be sent to its queue again. */
    Message.Builder<E> copy(int requeues) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put(ID, id);
        all.put(REQUEUES, Integer.toString(requeues));
        Message.Builder<E> message = Message.with(payload).key(key);
        all.forEach((name, value) -> {
            try {
                message.header(name, value);
            } catch (IllegalArgumentException foreign) {
                // Other software may give names that Waybill does not; the message is worth more than such a header.
                LOG.debug("a copy of message {} goes without a header: {}", id, foreign.getMessage());
            }
        });
        return message;
    }
}
