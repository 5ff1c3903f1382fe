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
    /** On a delayed message: when it leaves the last delay level, in milliseconds since 1970. */
    private static final String DUE_AT = "waybill-due-at";
    /** Before the names of the application's headers that the server would take for its own. */
    private static final String ESCAPE = "waybill-header-";

    private static final Integer PERSISTENT = 2;
    static final String DEATHS = "x-death";
    static final String DELIVERY_COUNT = "x-delivery-count";
    static final String ACQUIRED_COUNT = "x-acquired-count";
    private static final int MOST_DELIVERIES = 1_000_000_000;
    private static final int LONGEST_SHORT_STRING = 255;
    private static final int MOST_BYTES_A_CHAR = 3;

    private Envelopes() {}

    static AMQP.BasicProperties properties(Envelope envelope) {
        return properties(envelope, 0, -1);
    }

    /**
     * @param dueMillis when the message leaves the last delay level, in milliseconds since 1970; 0 if it is not delayed
     * @param priority negative if it has none, which is not the lowest
     */
    static AMQP.BasicProperties properties(Envelope envelope, long dueMillis, int priority) {
        String id = envelope.id();
        boolean shortId = isShort(id);
        Map<String, Object> headers = new HashMap<>((envelope.headers().size() + 4) * 4 / 3 + 1);
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
        if (dueMillis != 0) {
            headers.put(DUE_AT, dueMillis);
        }
        return new AMQP.BasicProperties(
                envelope.contentType(),
                null,
                headers,
                PERSISTENT,
                priority < 0 ? null : (Integer) priority,
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
            case "CC", "BCC", DELIVERY_COUNT, ACQUIRED_COUNT, DEATHS -> true;
            default -> name.startsWith("x-first-death-") || name.startsWith("x-last-death-");
        };
    }

    /**
     * An envelope, and what is wrong with it, if anything.
     *
     * @param late whether it may be a second copy, since it was delayed and left the delay levels {@link Delays#isLate late}
     */
    record Received(Envelope envelope, @Nullable String defect, boolean late) {
        /** Its headers are wrong, too, if they are so large that the server cannot deliver the message again. */
        Received within(HeaderRoom room) {
            String tooLarge = defect != null || envelope.headers().isEmpty() ? null : room.defect(envelope);
            return tooLarge == null ? this : new Received(envelope, tooLarge, late);
        }
    }

    /** How the messages of a queue are read. */
    interface Reading {
        Received read(AMQP.BasicProperties properties, byte[] body);
    }

    static Received envelope(AMQP.BasicProperties properties, byte[] body) {
        @Nullable String id = properties.getMessageId();
        @Nullable String key = null;
        @Nullable String defect = null;
        Date timestamp = properties.getTimestamp();
        // The client computes it without regard to what a long can hold.
        long sentAt = timestamp == null ? 0 : Math.max(0, timestamp.toInstant().toEpochMilli());
        boolean late = false;
        Map<String, String> headers = Map.of();
        Map<String, Object> received = properties.getHeaders();
        if (received != null) {
            for (Map.Entry<String, Object> header : received.entrySet()) {
                String name = header.getKey();
                Object value = header.getValue();
                if (name.equals(SENT_AT)) {
                    if (value instanceof Number number && number.longValue() >= 0) {
                        sentAt = number.longValue();
                    } else {
                        defect = "header " + SENT_AT + " is '" + text(value)
                                + "' but must be a number of milliseconds, 0 or more";
                    }
                } else if (name.equals(DUE_AT)) {
                    late = value instanceof Number due && Delays.isLate(received.get(DEATHS), due.longValue());
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
        return new Received(envelope, defect, late);
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
