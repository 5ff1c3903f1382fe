package dev.waybill.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/** The body of every message: 200 bytes of text, which SQS takes as they are. It begins with a number. */
final class Body {
    static final int BYTES = 200;
    static final String CONTENT_TYPE = "application/octet-stream";
    private static final int DIGITS = 16;

    private Body() {}

    static byte[] of(long value) {
        byte[] body = new byte[BYTES];
        Arrays.fill(body, (byte) 'x');
        long rest = value;
        for (int i = DIGITS - 1; i >= 0; i--) {
            body[i] = (byte) Character.forDigit((int) (rest & 0xf), 16);
            rest >>>= 4;
        }
        return body;
    }

    static long value(byte[] body) {
        long value = 0;
        for (int i = 0; i < DIGITS; i++) {
            value = value << 4 | Character.digit(body[i], 16);
        }
        return value;
    }

    static String text(byte[] body) {
        return new String(body, US_ASCII);
    }

    static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }
}
