package dev.waybill.benchmarks;

import java.nio.ByteBuffer;

/** The body of every message: 200 bytes, of which the first eight are a time or a number. */
final class Body {
    static final int BYTES = 200;
    static final String CONTENT_TYPE = "application/octet-stream";

    private Body() {}

    static byte[] of(long value) {
        byte[] body = new byte[BYTES];
        for (int i = Long.BYTES; i < BYTES; i++) {
            body[i] = (byte) ('a' + i % 26);
        }
        ByteBuffer.wrap(body).putLong(0, value);
        return body;
    }

    static long value(byte[] body) {
        return ByteBuffer.wrap(body).getLong(0);
    }
}
