package dev.waybill.sqs;

import dev.waybill.spi.Envelope;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An envelope as SQS carries it: a body of the characters that SQS allows, and one attribute for all the rest, which
 * {@link AttributeForm} writes and reads.
 *
 * @param body text as it is, base64, or a placeholder, as the attribute's {@link Encoding} says
 */
record WireForm(String body, String attribute) {
    static final String ATTRIBUTE = "waybill";

    /** SQS takes no empty body. */
    private static final String EMPTY_BODY = "-";

    private static final char REPLACEMENT = '\uFFFD';

    /** How the body travels. */
    enum Encoding {
        TEXT,
        BASE64,
        EMPTY
    }

    static WireForm of(Envelope envelope) {
        byte[] body = envelope.body();
        @Nullable String text = text(body);
        if (text != null) {
            return new WireForm(text, AttributeForm.write(envelope, Encoding.TEXT));
        }
        return body.length == 0
                ? new WireForm(EMPTY_BODY, AttributeForm.write(envelope, Encoding.EMPTY))
                : new WireForm(
                        Base64.getEncoder().encodeToString(body), AttributeForm.write(envelope, Encoding.BASE64));
    }

    /** Reads it back. */
    Envelope envelope() throws MalformedException {
        AttributeForm read = AttributeForm.read(attribute);
        return new Envelope(
                read.id(),
                read.key(),
                read.contentType(),
                read.sentAtMillis(),
                read.headers().isEmpty() ? Map.of() : read.headers(),
                bytes(read.encoding()));
    }

    private byte[] bytes(Encoding encoding) throws MalformedException {
        return switch (encoding) {
            case TEXT -> body.getBytes(StandardCharsets.UTF_8);
            case EMPTY -> {
                if (!body.equals(EMPTY_BODY)) {
                    throw new MalformedException(
                            "attribute '" + ATTRIBUTE + "' says that the body is empty, and it is not");
                }
                yield new byte[0];
            }
            case BASE64 -> {
                try {
                    yield Base64.getDecoder().decode(body);
                } catch (IllegalArgumentException notBase64) {
                    throw new MalformedException("attribute '" + ATTRIBUTE
                            + "' says that the body is base64, and it is not: " + notBase64.getMessage());
                }
            }
        };
    }

    /** What SQS counts: the body, and the attribute with its name and type. */
    long size() {
        return utf8(body) + utf8(attribute) + ATTRIBUTE.length() + "String".length();
    }

    /** Why SQS does not take what has such a {@link #size}; empty if it does. */
    static Optional<String> tooLarge(long size) {
        return size <= SqsSender.MAX_BYTES
                ? Optional.empty()
                : Optional.of("encoded for SQS it has " + size + " bytes, but SQS takes " + SqsSender.MAX_BYTES);
    }

    private static long utf8(String text) {
        long bytes = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // A surrogate pair is two chars and four bytes, so each half counts one more.
            bytes += c < 0x80 ? 0 : c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
        }
        return bytes;
    }

    /** The body as text if it is UTF-8 that SQS brings back unchanged, else null. */
    private static @Nullable String text(byte[] body) {
        if (body.length == 0) {
            return null;
        }
        // Much faster than a decoder that reports; what is not UTF-8 shows as a replacement character.
        String text = new String(body, StandardCharsets.UTF_8);
        boolean doubtful = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!allowed(c)) {
                return null;
            }
            doubtful |= c == REPLACEMENT;
        }
        return doubtful && !isUtf8(body) ? null : text;
    }

    private static boolean isUtf8(byte[] body) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .hasRemaining();
        } catch (CharacterCodingException binary) {
            return false;
        }
    }

    /**
     * SQS takes #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD and all beyond, which here are two surrogates; whether those
     * come in pairs is for the caller to know.
     */
    static boolean allowed(char c) {
        return c >= 0x20 ? c < 0xFFFE : c == '\t' || c == '\n' || c == '\r';
    }

    /** A message that says that Waybill sent it, and is not of the form that Waybill sends. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String what) {
            super(what);
        }
    }
}
