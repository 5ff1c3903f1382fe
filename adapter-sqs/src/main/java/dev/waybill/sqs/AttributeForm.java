package dev.waybill.sqs;

import dev.waybill.spi.Envelope;
import dev.waybill.sqs.WireForm.Encoding;
import dev.waybill.sqs.WireForm.MalformedException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All of an envelope but its body, as the text of one message attribute.
 *
 * <p>The text is {@code 1;i=ID;k=KEY;c=TYPE;t=MILLIS;e=b;h.NAME=VALUE;...}: the version of the form, then fields in any order, each at most once,
 * of which the id and the time must be there. {@code e} says how the body travels: {@code b} as base64, {@code 0} that it is empty; absent,
 * as text. In names and values {@code %}, {@code ;}, {@code =} and what SQS does not allow are written as {@code %XXXX}, the
 * UTF-16 unit in hexadecimal.
 */
record AttributeForm(
        String id,
        @Nullable String key,
        @Nullable String contentType,
        long sentAtMillis,
        Encoding encoding,
        Map<String, String> headers) {
    private static final String VERSION = "1";
    private static final String HEADER = "h.";
    private static final int ESCAPE_DIGITS = 4;
    private static final int SHOWN_LENGTH = 40;

    static String write(Envelope envelope, Encoding encoding) {
        StringBuilder text = new StringBuilder(96).append(VERSION);
        field(text, "i", envelope.id());
        field(text, "k", envelope.key());
        field(text, "c", envelope.contentType());
        text.append(";t=").append(envelope.sentAtMillis());
        switch (encoding) {
            case TEXT -> {}
            case BASE64 -> text.append(";e=b");
            case EMPTY -> text.append(";e=0");
        }
        envelope.headers().forEach((name, value) -> {
            escape(text.append(';').append(HEADER), name);
            escape(text.append('='), value);
        });
        return text.toString();
    }

    private static void field(StringBuilder text, String name, @Nullable String value) {
        if (value != null) {
            escape(text.append(';').append(name).append('='), value);
        }
    }

    private static void escape(StringBuilder to, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%' || c == ';' || c == '=' || !WireForm.allowed(c) || Character.isSurrogate(c)) {
                to.append('%').append(HexFormat.of().toHexDigits(c));
            } else {
                to.append(c);
            }
        }
    }

    static AttributeForm read(String text) throws MalformedException {
        String[] fields = text.split(";", -1);
        if (!fields[0].equals(VERSION)) {
            throw malformed("version '" + cut(fields[0]) + "' but must have " + VERSION);
        }
        Map<String, String> known = new LinkedHashMap<>();
        Map<String, String> headers = new LinkedHashMap<>();
        for (int i = 1; i < fields.length; i++) {
            int equals = fields[i].indexOf('=');
            if (equals < 1 || fields[i].indexOf('=', equals + 1) >= 0) {
                throw malformed("a field '" + cut(fields[i]) + "' that is not NAME=VALUE");
            }
            String name = unescape(fields[i].substring(0, equals));
            String value = unescape(fields[i].substring(equals + 1));
            @Nullable
            String twice = name.startsWith(HEADER)
                    ? headers.put(name.substring(HEADER.length()), value)
                    : known.put(name, value);
            if (twice != null) {
                throw malformed("the field '" + cut(name) + "' twice");
            }
        }
        String id = known.remove("i");
        if (id == null || id.isEmpty()) {
            throw malformed("no id");
        }
        AttributeForm read = new AttributeForm(
                id,
                known.remove("k"),
                known.remove("c"),
                millis(known.remove("t")),
                encoding(known.remove("e")),
                Collections.unmodifiableMap(headers));
        if (!known.isEmpty()) {
            throw malformed("an unknown field '" + cut(known.keySet().iterator().next()) + "'");
        }
        return read;
    }

    private static Encoding encoding(@Nullable String text) throws MalformedException {
        if (text == null) {
            return Encoding.TEXT;
        }
        return switch (text) {
            case "b" -> Encoding.BASE64;
            case "0" -> Encoding.EMPTY;
            default -> throw malformed("an unknown encoding '" + cut(text) + "'");
        };
    }

    private static long millis(@Nullable String text) throws MalformedException {
        if (text == null) {
            throw malformed("no time");
        }
        try {
            long millis = Long.parseLong(text);
            if (millis >= 0) {
                return millis;
            }
        } catch (NumberFormatException notOne) {
            throw malformed("the time '" + cut(text) + "', which is no number");
        }
        throw malformed("the time '" + cut(text) + "', which is negative");
    }

    private static String unescape(String text) throws MalformedException {
        int escape = text.indexOf('%');
        if (escape < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        int from = 0;
        while (escape >= 0) {
            plain.append(text, from, escape);
            from = escape + 1 + ESCAPE_DIGITS;
            if (from > text.length()) {
                throw malformed("a cut escape");
            }
            try {
                plain.append((char) HexFormat.fromHexDigits(text, escape + 1, from));
            } catch (NumberFormatException notHexadecimal) {
                throw malformed("a wrong escape '" + text.substring(escape, from) + "'");
            }
            escape = text.indexOf('%', from);
        }
        return plain.append(text, from, text.length()).toString();
    }

    private static MalformedException malformed(String what) {
        return new MalformedException("attribute '" + WireForm.ATTRIBUTE + "' has " + what);
    }

    private static String cut(String text) {
        return text.length() <= SHOWN_LENGTH ? text : text.substring(0, SHOWN_LENGTH) + "...";
    }
}
