package dev.waybill.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.waybill.spi.Envelope;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/** Between envelopes and records: the body is the value, the key the key, and everything else a header in UTF-8. */
final class Records {
    static final String ID = "waybill-id";
    static final String CONTENT_TYPE = "waybill-content-type";
    static final String SENT_AT = "waybill-sent-at";

    private static final byte[] NO_BYTES = {};
    private static final int LONGEST_ID = 1024;
    /** What decoding puts in place of bytes that are not UTF-8. */
    private static final char REPLACEMENT = '\uFFFD';

    private Records() {}

    static ProducerRecord<byte[], byte[]> encode(String topic, Envelope envelope) {
        RecordHeaders headers = new RecordHeaders();
        headers.add(ID, envelope.id().getBytes(UTF_8));
        if (envelope.contentType() != null) {
            headers.add(CONTENT_TYPE, envelope.contentType().getBytes(UTF_8));
        }
        if (envelope.sentAtMillis() > 0) {
            headers.add(SENT_AT, Long.toString(envelope.sentAtMillis()).getBytes(UTF_8));
        }
        if (!envelope.headers().isEmpty()) {
            envelope.headers().forEach((name, value) -> headers.add(name, value.getBytes(UTF_8)));
        }
        byte[] key = envelope.key() == null ? null : envelope.key().getBytes(UTF_8);
        // The record's own timestamp stays the time of writing: retention goes by it, and a redriven message is young
        // again.
        return new ProducerRecord<>(topic, null, null, key, envelope.body(), headers);
    }

    static Decoded decode(ConsumerRecord<byte[], byte[]> record) {
        return decode(record, record.headers());
    }

    /** Decodes a record with other headers than its own. */
    static Decoded decode(ConsumerRecord<byte[], byte[]> record, Headers headers) {
        Reading reading = new Reading();
        for (Header header : headers) {
            reading.take(header);
        }
        if (reading.id != null && record.value() == null) {
            reading.wrong("the message has no body");
        }
        boolean foreign = reading.id == null;
        long sentAt = foreign && reading.sentAt == 0 ? Math.max(0, record.timestamp()) : reading.sentAt;
        Envelope envelope = new Envelope(
                reading.id == null ? record.topic() + "-" + record.partition() + "-" + record.offset() : reading.id,
                record.key() == null ? null : lenient(record.key()),
                reading.contentType,
                sentAt,
                reading.headers == null ? Map.of() : Collections.unmodifiableMap(reading.headers),
                record.value() == null ? NO_BYTES : record.value());
        return new Decoded(envelope, reading.defect, 0);
    }

    private static String lenient(byte @Nullable [] bytes) {
        return bytes == null ? "" : new String(bytes, UTF_8);
    }

    private static @Nullable String strict(byte @Nullable [] bytes) {
        if (bytes == null) {
            return null;
        }
        String text = new String(bytes, UTF_8);
        if (text.indexOf(REPLACEMENT) < 0) {
            return text;
        }
        try {
            // It may hold that very character.
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException malformed) {
            return null;
        }
    }

    /**
     * What a record holds.
     *
     * @param envelope the message, or what could be read of it
     * @param defect what is wrong with it, or null
     * @param deliveriesBefore how often it was delivered as another record
     */
    record Decoded(Envelope envelope, @Nullable String defect, int deliveriesBefore) {}

    private static final class Reading {
        private @Nullable String id;
        private @Nullable String contentType;
        private long sentAt;
        private @Nullable Map<String, String> headers;
        private @Nullable String defect;

        void take(Header header) {
            switch (header.key()) {
                case ID -> id(strict(header.value()));
                case CONTENT_TYPE -> {
                    contentType = strict(header.value());
                    if (contentType == null) {
                        wrong(CONTENT_TYPE + " is not UTF-8");
                    }
                }
                case SENT_AT -> sentAt(strict(header.value()));
                case DelayedRecord.WAIT -> {}
                default -> other(header);
            }
        }

        private void id(@Nullable String text) {
            if (text == null || text.isBlank() || text.length() > LONGEST_ID) {
                wrong(ID + " is not 1 to " + LONGEST_ID + " characters of UTF-8");
            } else {
                id = text;
            }
        }

        private void sentAt(@Nullable String text) {
            try {
                sentAt = text == null ? -1 : Long.parseLong(text);
            } catch (NumberFormatException notANumber) {
                sentAt = -1;
            }
            if (sentAt < 0) {
                sentAt = 0;
                wrong(SENT_AT + " is not a number of milliseconds");
            }
        }

        private void other(Header header) {
            if (headers == null) {
                headers = new HashMap<>();
            }
            headers.put(header.key(), lenient(header.value()));
        }

        void wrong(String what) {
            if (defect == null) {
                defect = what;
            }
        }
    }
}
