package dev.waybill.internal;

import dev.waybill.Codec;
import dev.waybill.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The codecs that need no library. */
public final class PlainCodecs {
    public static final Codec<String> TEXT = new Text();
    public static final Codec<byte[]> BYTES = new Bytes();

    public static final Codec<Payload> PAYLOAD = new OfPayload();

    private PlainCodecs() {}

    private static final class Text implements Codec<String> {
        @Override
        public byte[] encode(String payload) {
            return payload.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String decode(byte[] body) throws CharacterCodingException {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
        }

        @Override
        public String contentType() {
            return "text/plain; charset=utf-8";
        }
    }

    private static final class OfPayload implements Codec<Payload> {
        @Override
        public byte[] encode(Payload payload) throws IOException {
            return payload.bytes();
        }

        @Override
        public Payload decode(byte[] body) {
            return Payload.of(body);
        }

        @Override
        public String contentType() {
            return "application/octet-stream";
        }
    }

    private static final class Bytes implements Codec<byte[]> {
        @Override
        public byte[] encode(byte[] payload) {
            return payload;
        }

        @Override
        public byte[] decode(byte[] body) {
            return body;
        }

        @Override
        public String contentType() {
            return "application/octet-stream";
        }
    }
}
