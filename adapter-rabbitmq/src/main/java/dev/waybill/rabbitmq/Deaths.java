package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Envelope;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Reads the dead letters of one queue. One that the server itself moved, after the last delivery for the most part, tells of it in
 * the server's own book, {@code x-death}; what that says is put into the headers that a dead letter has. One that core moved is new to
 * the server, and has no such book.
 *
 * @param queue that they died in
 * @param maxDeliveries after which the server moves a message, as we have seen, or empty
 */
record Deaths(String queue, OptionalInt maxDeliveries) implements Envelopes.Reading {
    private static final String LAST_QUEUE = "x-last-death-queue";
    private static final String DELIVERY_LIMIT = "delivery_limit";
    private static final String OF_A_DEATH = "waybill-death-";

    @Override
    public Envelopes.Received read(AMQP.BasicProperties properties, byte[] body) {
        Envelopes.Received received = Envelopes.envelope(properties, body);
        Map<String, Object> known = properties.getHeaders();
        Map<?, ?> death = known == null ? null : last(known);
        if (known == null || death == null) {
            return received;
        }
        Envelope letter = received.envelope();
        Map<String, String> headers = new LinkedHashMap<>(letter.headers());
        // Of an earlier death, if somebody put a dead letter back as it was.
        headers.keySet().removeIf(name -> name.startsWith(OF_A_DEATH));
        tell(death, headers);
        if (DELIVERY_LIMIT.equals(String.valueOf(death.get("reason"))) && maxDeliveries.isPresent()) {
            tellDeliveries(known, maxDeliveries.getAsInt(), headers);
        }
        return new Envelopes.Received(
                new Envelope(
                        letter.id(),
                        letter.key(),
                        letter.contentType(),
                        letter.sentAtMillis(),
                        Collections.unmodifiableMap(headers),
                        letter.body()),
                received.defect(),
                received.late());
    }

    /** Its last death, or null if that was in another queue, as that of a message that somebody else has put here. */
    private @Nullable Map<?, ?> last(Map<String, Object> known) {
        Object lastQueue = known.get(LAST_QUEUE);
        if (lastQueue == null || isOurs(lastQueue.toString())) {
            if (known.get(Envelopes.DEATHS) instanceof List<?> deaths) {
                // The newest first; among the others are those of the delay levels that it has passed through.
                for (Object each : deaths) {
                    if (each instanceof Map<?, ?> death && isOurs(String.valueOf(death.get("queue")))) {
                        return death;
                    }
                }
            }
        }
        return null;
    }

    private boolean isOurs(String place) {
        return place.equals(queue) || place.startsWith(queue + Topology.LANE) || Partitions.isPartition(place, queue);
    }

    private void tell(Map<?, ?> death, Map<String, String> headers) {
        headers.put(DeadLetterHeaders.REASON, "moved by RabbitMQ: " + death.get("reason"));
        headers.put(DeadLetterHeaders.QUEUE, queue);
        // Of several deaths in one queue for one reason there is only the time of the first.
        if (death.get("time") instanceof Date time
                && death.get("count") instanceof Number count
                && count.longValue() == 1) {
            headers.put(DeadLetterHeaders.TIME, Long.toString(time.toInstant().toEpochMilli()));
        }
    }

    /**
     * As many as the limit allows. The server's own number does not tell: before 4.3 it is not there, and from 4.3 on it goes on with the
     * deliveries of the letter. But if it is lower, somebody has set a lower limit by a policy.
     */
    private static void tellDeliveries(Map<String, Object> known, int maxDeliveries, Map<String, String> headers) {
        boolean fewer = known.get(Envelopes.ACQUIRED_COUNT) != null
                && known.get(Envelopes.DELIVERY_COUNT) instanceof Number failed
                && failed.longValue() < maxDeliveries;
        if (!fewer) {
            headers.put(DeadLetterHeaders.DELIVERIES, Integer.toString(maxDeliveries));
        }
    }
}
