package dev.waybill.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.waybill.Codec;

/** Sends what it is given as if it were a reference, as other software could. */
final class ForgedReferences implements Codec<String> {
    @Override
    public byte[] encode(String payload) {
        return payload.getBytes(UTF_8);
    }

    @Override
    public String decode(byte[] body) {
        return new String(body, UTF_8);
    }

    @Override
    public String contentType() {
        return Reference.CONTENT_TYPE;
    }
}
