package dev.waybill;

import dev.waybill.internal.JsonCodec;
import dev.waybill.internal.PlainCodecs;

/**
 * Turns payloads into bytes and back. Thread-safe. Write one for any format that is not here.
 *
 * @param <T> the payload's type
 */
public interface Codec<T> {

    /** Throws anything if the payload cannot be encoded: the send fails with a {@link CodecException} and nothing is sent. */
    byte[] encode(T payload) throws Exception;

    /** Throws anything if the body cannot be decoded: the message goes to the dead-letter queue with its body unchanged. */
    T decode(byte[] body) throws Exception;

    /** The media type of what {@link #encode} makes. */
    String contentType();

    /** JSON by Jackson; needs {@code com.fasterxml.jackson.core:jackson-databind} on the class path. */
    static <T> Codec<T> json(Class<T> type) {
        return JsonCodec.of(type);
    }

    /** UTF-8 text; a body that is not valid UTF-8 does not decode. */
    static Codec<String> text() {
        return PlainCodecs.TEXT;
    }

    /**
     * Payloads that need not be in memory. With a claim check they can be of any size, and stream from where they are into the store
     * and from there into the handler.
     */
    static Codec<Payload> payload() {
        return PlainCodecs.PAYLOAD;
    }

    /** The bytes themselves, not copied. */
    static Codec<byte[]> bytes() {
        return PlainCodecs.BYTES;
    }
}
