package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import dev.waybill.spi.Envelope;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An envelope as AMQP properties and back: id and content type are properties, key and time of sending are headers of our own
 * (AMQP's timestamp has whole seconds), and the application's headers are headers.
 */
final class Envelopes {
    private static final String KEY = "waybill-key";
    private static final String SENT_AT = "waybill-sent-at";
    private static final Integer PERSISTENT = 2;
    private static final String DELIVERY_COUNT = "x-delivery-count";

    private Envelopes() {}

    static AMQP.BasicProperties properties(Envelope envelope) {
        String key = envelope.key();
        Map<String, Object> headers = new HashMap<>((envelope.headers().size() + 2) * 4 / 3 + 1);
        headers.putAll(envelope.headers());
        if (key != null) {
            headers.put(KEY, key);
        }
        headers.put(SENT_AT, envelope.sentAtMillis());
        return new AMQP.BasicProperties(
                envelope.contentType(),
                null,
                headers,
                PERSISTENT,
                null,
                null,
                null,
                null,
                envelope.id(),
                null,
                null,
                null,
                null,
                null);
    }

    /** An envelope, and what is wrong with it, if anything. */
    record Received(Envelope envelope, @Nullable String defect) {}

    static Received envelope(AMQP.BasicProperties properties, byte[] body, String foreignId) {
        String id = properties.getMessageId();
        @Nullable String key = null;
        long sentAt = 0;
        @Nullable String defect = null;
        Map<String, String> headers = Map.of();
        Map<String, Object> received = properties.getHeaders();
        if (received != null) {
            for (Map.Entry<String, Object> header : received.entrySet()) {
                Object value = header.getValue();
                switch (header.getKey()) {
                    case KEY -> key = String.valueOf(value);
                    case SENT_AT -> {
                        if (value instanceof Number number) {
                            sentAt = number.longValue();
                        } else {
                            defect = "header " + SENT_AT + " is '" + value + "' but must be a number";
                        }
                    }
                    case DELIVERY_COUNT, "x-acquired-count", "x-death" -> {
                        // The server's own book-keeping.
                    }
                    default -> {
                        if (headers.isEmpty()) {
                            headers = new LinkedHashMap<>();
                        }
                        headers.put(header.getKey(), String.valueOf(value));
                    }
                }
            }
        }
        Envelope envelope = new Envelope(
                id == null ? foreignId : id,
                key,
                properties.getContentType(),
                sentAt,
                headers.isEmpty() ? headers : Collections.unmodifiableMap(headers),
                body);
        return new Received(envelope, defect);
    }

    /** Which delivery this is, from 1; the server counts those that failed before. */
    static int deliveryCount(AMQP.BasicProperties properties) {
        Map<String, Object> headers = properties.getHeaders();
        Object failed = headers == null ? null : headers.get(DELIVERY_COUNT);
        return failed instanceof Number number ? number.intValue() + 1 : 1;
    }
}
