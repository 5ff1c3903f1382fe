package dev.waybill.sqs;

import dev.waybill.spi.Envelope;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An envelope as SQS carries it: a body of the characters that SQS allows, and one attribute for all the rest.
 *
 * <p>The attribute is {@code 1;i=ID;k=KEY;c=TYPE;t=MILLIS;e=b;h.NAME=VALUE;...}: the version of the form, then fields in any order. In names and
 * values {@code %}, {@code ;}, {@code =} and what SQS does not allow are written as {@code %XXXX}, the UTF-16 unit in hexadecimal. The field
 * {@code e=b} says that the body is base64.
 */
record WireForm(String body, String attribute) {
    static final String ATTRIBUTE = "waybill";
    private static final String VERSION = "1";
    private static final String EMPTY_BODY = "-";

    static WireForm of(Envelope envelope) {
        StringBuilder attribute = new StringBuilder(96).append(VERSION);
        field(attribute, "i", envelope.id());
        field(attribute, "k", envelope.key());
        field(attribute, "c", envelope.contentType());
        attribute.append(";t=").append(envelope.sentAtMillis());
        @Nullable String body = text(envelope.body());
        if (body == null) {
            // SQS takes no empty body.
            boolean empty = envelope.body().length == 0;
            body = empty ? EMPTY_BODY : Base64.getEncoder().encodeToString(envelope.body());
            attribute.append(empty ? ";e=0" : ";e=b");
        }
        envelope.headers().forEach((name, value) -> {
            escape(attribute.append(";h."), name);
            escape(attribute.append('='), value);
        });
        return new WireForm(body, attribute.toString());
    }

    private static void field(StringBuilder attribute, String name, @Nullable String value) {
        if (value != null) {
            escape(attribute.append(';').append(name).append('='), value);
        }
    }

    /** What SQS counts. */
    long size() {
        return utf8(body) + utf8(attribute) + ATTRIBUTE.length() + "String".length();
    }

    private static long utf8(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }

    /** The body as text if SQS would bring it back unchanged, else null. */
    private static @Nullable String text(byte[] body) {
        if (body.length == 0) {
            return null;
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            for (int i = 0; i < text.length(); i++) {
                if (!allowed(text.charAt(i))) {
                    return null;
                }
            }
            return text;
        } catch (CharacterCodingException binary) {
            return null;
        }
    }

    /** SQS takes #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD and all beyond; a carriage return may be changed on the way. */
    private static boolean allowed(char c) {
        return c >= 0x20 ? c < 0xFFFE : c == '\t' || c == '\n';
    }

    private static void escape(StringBuilder to, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%' || c == ';' || c == '=' || !allowed(c) || Character.isSurrogate(c)) {
                to.append('%');
                for (int shift = 12; shift >= 0; shift -= 4) {
                    to.append(Character.forDigit(c >> shift & 0xf, 16));
                }
            } else {
                to.append(c);
            }
        }
    }

    /** An attribute that is not of this form. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String what) {
            super(what);
        }
    }

    /** Reads it back. */
    Envelope envelope() throws Malformed {
        String[] fields = attribute.split(";", -1);
        if (!fields[0].equals(VERSION)) {
            throw new Malformed(
                    "attribute '" + ATTRIBUTE + "' has version '" + cut(fields[0]) + "' but must have " + VERSION);
        }
        Map<String, String> known = new LinkedHashMap<>();
        Map<String, String> headers = new LinkedHashMap<>();
        for (int i = 1; i < fields.length; i++) {
            int equals = fields[i].indexOf('=');
            if (equals < 1) {
                throw new Malformed(
                        "attribute '" + ATTRIBUTE + "' has a field '" + cut(fields[i]) + "' without name or value");
            }
            String name = unescape(fields[i].substring(0, equals));
            String value = unescape(fields[i].substring(equals + 1));
            @Nullable
            String twice = name.startsWith("h.") ? headers.put(name.substring(2), value) : known.put(name, value);
            if (twice != null) {
                throw new Malformed("attribute '" + ATTRIBUTE + "' has the field '" + cut(name) + "' twice");
            }
        }
        String id = known.get("i");
        if (id == null || id.isEmpty()) {
            throw new Malformed("attribute '" + ATTRIBUTE + "' has no id");
        }
        return new Envelope(
                id,
                known.get("k"),
                known.get("c"),
                millis(known.get("t")),
                headers.isEmpty() ? Map.of() : Collections.unmodifiableMap(headers),
                bytes(known.get("e")));
    }

    private byte[] bytes(@Nullable String encoding) throws Malformed {
        if (encoding == null) {
            return body.getBytes(StandardCharsets.UTF_8);
        }
        switch (encoding) {
            case "0":
                return new byte[0];
            case "b":
                try {
                    return Base64.getDecoder().decode(body);
                } catch (IllegalArgumentException notBase64) {
                    throw new Malformed("the body is said to be base64 and is not: " + notBase64.getMessage());
                }
            default:
                throw new Malformed("attribute '" + ATTRIBUTE + "' has an unknown encoding '" + cut(encoding) + "'");
        }
    }

    private static long millis(@Nullable String text) throws Malformed {
        try {
            return Long.parseLong(String.valueOf(text));
        } catch (NumberFormatException notOne) {
            throw new Malformed("attribute '" + ATTRIBUTE + "' has the time '" + cut(String.valueOf(text)) + "'");
        }
    }

    private static String unescape(String text) throws Malformed {
        if (text.indexOf('%') < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '%') {
                plain.append(c);
                continue;
            }
            int unit = 0;
            for (int digit = 1; digit <= 4; digit++) {
                int value = i + digit < text.length() ? Character.digit(text.charAt(i + digit), 16) : -1;
                if (value < 0) {
                    throw new Malformed("attribute '" + ATTRIBUTE + "' has a cut or wrong escape");
                }
                unit = unit << 4 | value;
            }
            plain.append((char) unit);
            i += 4;
        }
        return plain.toString();
    }

    private static String cut(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "...";
    }
}
