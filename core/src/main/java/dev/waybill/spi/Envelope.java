package dev.waybill.spi;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message as it travels. Every part survives the broker unchanged; a message that other software sent has what the broker
 * knows of it, and its body. The body is not copied and must not be changed; {@code equals} compares it by identity.
 *
 * @param id unique per message and kept over redeliveries and moves; for a foreign message the broker's own id
 * @param key the ordering or correlation key, or null
 * @param contentType the media type of the body, or null if unknown
 * @param sentAtMillis when it was first sent, in milliseconds since 1970, or 0 if unknown
 * @param headers the application's and core's own headers; core's start with {@code waybill-}. Unmodifiable
 * @param body the payload
 */
@SuppressWarnings("ArrayRecordComponent") // identity is meant: a copy per message would be paid by every user
public record Envelope(
        String id,
        @Nullable String key,
        @Nullable String contentType,
        long sentAtMillis,
        Map<String, String> headers,
        byte[] body) {

    /**
     * The size to count against a broker's limits: body, key, id and headers in UTF-8, and an allowance for the names of the
     * fields.
     */
    public long size() {
        long size = body.length + id.length() + 64L + utf8(key) + utf8(contentType);
        if (!headers.isEmpty()) {
            for (Map.Entry<String, String> header : headers.entrySet()) {
                size += utf8(header.getKey()) + utf8(header.getValue()) + 8;
            }
        }
        return size;
    }

    private static long utf8(@Nullable String text) {
        if (text == null) {
            return 0;
        }
        long bytes = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // A surrogate pair is two chars and four bytes, so each half counts one more.
            bytes += c < 0x80 ? 0 : c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
        }
        return bytes;
    }

    @Override
    public String toString() {
        return "Envelope[id=" + id + ", key=" + key + ", bytes=" + body.length + "]";
    }
}
