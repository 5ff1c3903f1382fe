package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import dev.waybill.spi.Envelope;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An envelope as AMQP properties and back: id and content type are properties, key and time of sending are headers of our own
 * (AMQP's timestamp has whole seconds), and the application's headers are headers. Reads whatever other software may have sent.
 */
final class Envelopes {
    private static final String ID = "waybill-id";
    private static final String KEY = "waybill-key";
    private static final String SENT_AT = "waybill-sent-at";
    /** Before the names of the application's headers that the server would take for its own. */
    private static final String ESCAPE = "waybill-header-";

    private static final Integer PERSISTENT = 2;
    private static final String DELIVERY_COUNT = "x-delivery-count";
    private static final int MOST_DELIVERIES = 1_000_000_000;
    private static final int LONGEST_SHORT_STRING = 255;
    private static final int MOST_BYTES_A_CHAR = 3;

    private Envelopes() {}

    static AMQP.BasicProperties properties(Envelope envelope) {
        String id = envelope.id();
        boolean shortId = isShort(id);
        Map<String, Object> headers = new HashMap<>((envelope.headers().size() + 3) * 4 / 3 + 1);
        if (!envelope.headers().isEmpty()) {
            for (Map.Entry<String, String> header : envelope.headers().entrySet()) {
                String name = header.getKey();
                headers.put(isTheServers(name) ? ESCAPE + name : name, header.getValue());
            }
        }
        if (!shortId) {
            headers.put(ID, id);
        }
        String key = envelope.key();
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
                shortId ? id : null,
                null,
                null,
                null,
                null,
                null);
    }

    private static boolean isShort(String text) {
        return text.length() <= LONGEST_SHORT_STRING / MOST_BYTES_A_CHAR
                || text.getBytes(StandardCharsets.UTF_8).length <= LONGEST_SHORT_STRING;
    }

    /** Names that the server routes by, counts by, or keeps its book of dead letters under. */
    private static boolean isTheServers(String name) {
        return switch (name) {
            case "CC", "BCC", DELIVERY_COUNT, "x-acquired-count", "x-death" -> true;
            default -> name.startsWith("x-first-death-") || name.startsWith("x-last-death-");
        };
    }

    /** An envelope, and what is wrong with it, if anything. */
    record Received(Envelope envelope, @Nullable String defect) {}

    static Received envelope(AMQP.BasicProperties properties, byte[] body) {
        @Nullable String id = properties.getMessageId();
        @Nullable String key = null;
        @Nullable String defect = null;
        Date timestamp = properties.getTimestamp();
        long sentAt = timestamp == null ? 0 : timestamp.toInstant().toEpochMilli();
        Map<String, String> headers = Map.of();
        Map<String, Object> received = properties.getHeaders();
        if (received != null) {
            for (Map.Entry<String, Object> header : received.entrySet()) {
                String name = header.getKey();
                Object value = header.getValue();
                if (name.equals(SENT_AT)) {
                    if (value instanceof Number number) {
                        sentAt = number.longValue();
                    } else {
                        defect = "header " + SENT_AT + " is '" + text(value) + "' but must be a number";
                    }
                } else if (name.equals(KEY)) {
                    key = text(value);
                } else if (name.equals(ID)) {
                    id = text(value);
                } else if (!isTheServers(name)) {
                    if (headers.isEmpty()) {
                        headers = new LinkedHashMap<>();
                    }
                    headers.put(name.startsWith(ESCAPE) ? name.substring(ESCAPE.length()) : name, text(value));
                }
            }
        }
        Envelope envelope = new Envelope(
                id == null ? newId() : id,
                key,
                properties.getContentType(),
                sentAt,
                headers.isEmpty() ? headers : Collections.unmodifiableMap(headers),
                body);
        return new Received(envelope, defect);
    }

    /** Not from the content: two messages that are alike must not be taken for one that came twice. */
    private static String newId() {
        return UUID.randomUUID().toString();
    }

    private static String text(@Nullable Object value) {
        if (value instanceof Date date) {
            return date.toInstant().toString();
        }
        return value instanceof byte[] bytes ? Base64.getEncoder().encodeToString(bytes) : Objects.toString(value, "");
    }

    /**
     * Which delivery this is, from 1; the server counts those that failed before. Of a message that it has not delivered from
     * this queue, the header tells of another queue, or was set by its sender.
     */
    static int deliveryCount(AMQP.BasicProperties properties, boolean redelivered) {
        Map<String, Object> headers = properties.getHeaders();
        Object failed = headers == null || !redelivered ? null : headers.get(DELIVERY_COUNT);
        if (!(failed instanceof Number number)) {
            return 1;
        }
        return 1 + (int) Math.max(0, Math.min(MOST_DELIVERIES, number.longValue()));
    }

    /** Whether two envelopes have the same content. */
    static boolean same(Envelope one, Envelope other) {
        return one.id().equals(other.id())
                && one.sentAtMillis() == other.sentAtMillis()
                && Objects.equals(one.key(), other.key())
                && Objects.equals(one.contentType(), other.contentType())
                && one.headers().equals(other.headers())
                && Arrays.equals(one.body(), other.body());
    }
}
