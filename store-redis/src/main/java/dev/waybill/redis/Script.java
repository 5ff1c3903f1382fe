package dev.waybill.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** What the server does in one go; each says what it takes and returns. */
enum Script {
    OPEN,
    LOAD,
    SHOW,
    HELD,
    HELD_IDS,
    PAGE,
    CONVOYS,
    CLAIM,
    UNTIL,
    LOST,
    LETTERS,
    RENEW,
    RELEASE,
    COMMIT,
    CENSUS;

    private static final class Prelude {
        static final String TEXT = resource("prelude.lua");
    }

    private final byte[] source;
    private final byte[] digest;

    Script() {
        source = Keys.bytes(Prelude.TEXT + resource(name().toLowerCase(Locale.ROOT) + ".lua"));
        try {
            // It is how Redis names scripts, not a matter of safety.
            byte[] sha1 = MessageDigest.getInstance("SHA-1").digest(source);
            digest = Keys.bytes(HexFormat.of().formatHex(sha1));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Script.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + name + " is missing in the jar of the Redis store");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the resource " + name + " cannot be read", e);
        }
    }

    byte[] source() {
        return source;
    }

    byte[] digest() {
        return digest;
    }
}
