package dev.waybill.redis;

import java.io.ByteArrayOutputStream;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Names and values, and a body: the former as in a query of a URL, so that people can read them. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Fields(Map<String, String> values, byte[] body) {
    private static final byte[] NOTHING = {};

    static Fields of(byte[] body) {
        return new Fields(new LinkedHashMap<>(), body);
    }

    static Fields withoutBody() {
        return of(NOTHING);
    }

    Fields with(String name, Object value) {
        values.put(name, value.toString());
        return this;
    }

    Fields withAll(String prefix, Map<String, String> more) {
        more.forEach((name, value) -> values.put(prefix + name, value));
        return this;
    }

    /** Throws if there is none. */
    String get(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("there is no field " + name);
        }
        return value;
    }

    /** Those whose names begin so, without that. */
    Map<String, String> all(String prefix) {
        Map<String, String> found = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), value);
            }
        });
        return found;
    }

    byte[] encode() {
        StringBuilder text = new StringBuilder();
        values.forEach((name, value) -> text.append(text.isEmpty() ? "" : "&")
                .append(URLEncoder.encode(name, StandardCharsets.UTF_8))
                .append('=')
                .append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        ByteArrayOutputStream encoded = new ByteArrayOutputStream(text.length() + 1 + body.length);
        encoded.writeBytes(text.append('\n').toString().getBytes(StandardCharsets.US_ASCII));
        encoded.writeBytes(body);
        return encoded.toByteArray();
    }

    static Fields decode(byte[] encoded) {
        int end = 0;
        while (end < encoded.length && encoded[end] != '\n') {
            end++;
        }
        if (end == encoded.length) {
            throw new IllegalArgumentException("there is no line of fields");
        }
        Fields fields = of(Arrays.copyOfRange(encoded, end + 1, encoded.length));
        for (String field : new String(encoded, 0, end, StandardCharsets.US_ASCII).split("&", -1)) {
            int equals = field.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("a field has no value: " + field);
            }
            fields.values.put(
                    URLDecoder.decode(field.substring(0, equals), StandardCharsets.UTF_8),
                    URLDecoder.decode(field.substring(equals + 1), StandardCharsets.UTF_8));
        }
        return fields;
    }
}
