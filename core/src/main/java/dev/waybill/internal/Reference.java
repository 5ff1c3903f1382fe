package dev.waybill.internal;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadStore;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The reference to a payload in a store, as it travels in a message's body: lines of {@code name: value} in UTF-8, the first of which
 * says the form, and the last of which is the signature, if there is one.
 *
 * @param store the store's name
 * @param key the payload's key there
 * @param bytes how large the payload is, as its consumer gets it
 * @param digest its SHA-256, in hexadecimal digits
 * @param contentType its media type
 * @param created when it was stored
 * @param valetKey by what it can be read without its store, or null
 * @param encoding how it is compressed in the store, or null
 * @param cipher by what it is encrypted in the store, or null
 */
record Reference(
        String store,
        String key,
        long bytes,
        String digest,
        String contentType,
        Instant created,
        @Nullable ValetKey valetKey,
        @Nullable String encoding,
        @Nullable String cipher) {

    /** The content type of a message whose body is a reference. */
    static final String CONTENT_TYPE = "application/vnd.waybill.claim-check";

    static final String GZIP = "gzip";

    private static final String FORM = "waybill-claim-check";
    private static final String VERSION = "1";
    private static final String EXPIRES = "expires";
    private static final String VALET_KEY = "valet-key";
    private static final String SIGNATURE = "signature";
    private static final Set<String> KNOWN = Set.of(
            FORM,
            "store",
            "key",
            "bytes",
            "sha-256",
            "content-type",
            "created",
            EXPIRES,
            VALET_KEY,
            "encoding",
            "cipher");
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final int MOST_BYTES = 8192;
    private static final int LONGEST_SHOWN = 80;

    /** What is wrong with a reference; it is never followed. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why);
        }
    }

    static boolean isIn(@Nullable String contentType) {
        return CONTENT_TYPE.equals(contentType);
    }

    /** As it travels in the message of that id. */
    byte[] encode(String messageId, ClaimCheck check) {
        StringBuilder text = new StringBuilder(512);
        line(text, FORM, VERSION);
        line(text, "store", store);
        line(text, "key", key);
        line(text, "bytes", Long.toString(bytes));
        line(text, "sha-256", digest);
        line(text, "content-type", contentType);
        line(text, "created", created.toString());
        if (valetKey != null) {
            line(text, EXPIRES, valetKey.expires().toString());
            line(text, VALET_KEY, valetKey.address().toASCIIString());
        }
        if (encoding != null) {
            line(text, "encoding", encoding);
        }
        if (cipher != null) {
            line(text, "cipher", cipher);
        }
        check.signingKey()
                .ifPresent(name -> line(
                        text,
                        SIGNATURE,
                        name + " " + HexFormat.of().formatHex(sign(messageId, text.toString(), secret(check, name)))));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(name).append(": ").append(value).append('\n');
    }

    private static byte[] secret(ClaimCheck check, String name) {
        return check.secret(name).orElseThrow(() -> new IllegalStateException("no secret '" + name + "'"));
    }

    private static byte[] sign(String messageId, String text, byte[] secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update((messageId + "\n").getBytes(StandardCharsets.UTF_8));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JVM has HMAC-SHA-256", impossible);
        }
    }

    /**
     * Reads a reference, and checks all that can be without its store.
     *
     * @throws Refused if it is malformed, or not as the claim check wants it
     */
    static Reference decode(byte[] body, String messageId, ClaimCheck check) throws Refused {
        String text = text(body);
        String signed = verified(text, messageId, check);
        Map<String, String> fields = fields(signed);
        Reference reference = new Reference(
                field(fields, "store"),
                field(fields, "key"),
                bytes(field(fields, "bytes")),
                field(fields, "sha-256"),
                field(fields, "content-type"),
                time(fields, "created"),
                valetKey(fields),
                fields.get("encoding"),
                fields.get("cipher"));
        reference.check(check);
        return reference;
    }

    private static String text(byte[] body) throws Refused {
        if (body.length > MOST_BYTES) {
            throw new Refused("it has " + body.length + " bytes but must have at most " + MOST_BYTES);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
        } catch (CharacterCodingException bad) {
            throw new Refused("it is not UTF-8");
        }
    }

    /** The text before the signature, which holds if there is to be one. */
    private static String verified(String text, String messageId, ClaimCheck check) throws Refused {
        int at = text.indexOf("\n" + SIGNATURE + ": ");
        if (check.signingKey().isEmpty()) {
            // What a signed one says is as good as what any other says.
            return at < 0 ? text : text.substring(0, at + 1);
        }
        if (at < 0) {
            throw new Refused("it is not signed");
        }
        String signed = text.substring(0, at + 1);
        String line = text.substring(at + SIGNATURE.length() + 3);
        int space = line.indexOf(' ');
        if (space < 0 || !line.endsWith("\n")) {
            throw new Refused("its signature is cut");
        }
        String name = line.substring(0, space);
        byte[] secret = check.secret(name)
                .orElseThrow(() -> new Refused("it is signed with '" + cut(name) + "', which is not trusted"));
        byte[] right = sign(messageId, signed, secret);
        String given = line.substring(space + 1, line.length() - 1);
        if (!MessageDigest.isEqual(
                HexFormat.of().formatHex(right).getBytes(StandardCharsets.UTF_8),
                given.getBytes(StandardCharsets.UTF_8))) {
            throw new Refused("its signature does not hold");
        }
        return signed;
    }

    private static Map<String, String> fields(String text) throws Refused {
        if (!text.startsWith(FORM + ": ")) {
            throw new Refused("it does not begin with " + FORM);
        }
        if (!text.endsWith("\n")) {
            throw new Refused("its last line is cut");
        }
        Map<String, String> fields = new HashMap<>();
        for (String line : text.split("\n")) {
            int colon = line.indexOf(": ");
            String name = colon < 0 ? "" : line.substring(0, colon);
            if (!KNOWN.contains(name)) {
                if (fields.containsKey(FORM) && !VERSION.equals(fields.get(FORM))) {
                    break;
                }
                // Its value is not shown, which may be a piece of a valet key.
                throw new Refused("it has an unknown line '" + cut(name) + "'");
            }
            if (fields.put(name, line.substring(colon + 2)) != null) {
                throw new Refused("it has two lines of " + name);
            }
        }
        String version = field(fields, FORM);
        if (!version.equals(VERSION)) {
            throw new Refused(
                    "its form is " + cut(version) + " but must be " + VERSION + ": a later Waybill may have sent it");
        }
        return fields;
    }

    private static String field(Map<String, String> fields, String name) throws Refused {
        String value = fields.get(name);
        if (value == null) {
            throw new Refused("it has no " + name);
        }
        return value;
    }

    private static long bytes(String text) throws Refused {
        try {
            long bytes = Long.parseLong(text);
            if (bytes >= 0) {
                return bytes;
            }
        } catch (NumberFormatException notOne) {
            // Said below.
        }
        throw new Refused("its bytes are '" + cut(text) + "' but must be a number");
    }

    private static Instant time(Map<String, String> fields, String name) throws Refused {
        String text = field(fields, name);
        try {
            return Instant.parse(text);
        } catch (DateTimeException bad) {
            throw new Refused("it has '" + cut(text) + "' as " + name + ", which is no time");
        }
    }

    private static @Nullable ValetKey valetKey(Map<String, String> fields) throws Refused {
        return fields.containsKey(VALET_KEY) || fields.containsKey(EXPIRES)
                ? ValetKey.of(field(fields, VALET_KEY), time(fields, EXPIRES))
                : null;
    }

    private void check(ClaimCheck check) throws Refused {
        // Those with an ending are notes of the store's, which no reference is to, and a note has none of its own.
        if (!PayloadStore.isKey(key) || key.indexOf('.') >= 0) {
            throw new Refused("its key is '" + cut(key) + "', which is none");
        }
        if (!PayloadStore.isName(store)) {
            throw new Refused("its payload store is '" + cut(store) + "', which none is called");
        }
        if (check.store(store).isEmpty()) {
            String foreign = "it is of payload store '" + cut(store) + "', which is not declared here";
            if (check.trustedAddresses().isEmpty()) {
                throw new Refused(foreign);
            }
            if (valetKey == null) {
                throw new Refused(foreign + ", and has no valet key");
            }
            valetKey.demandTrusted(key, check.trustedAddresses());
        }
        if (!DIGEST.matcher(digest).matches()) {
            throw new Refused("its sha-256 is '" + cut(digest) + "' but must be 64 hexadecimal digits");
        }
        if (bytes > check.largest()) {
            throw new Refused("its payload has " + bytes + " bytes, but at most " + check.largest() + " are fetched");
        }
        if (encoding != null && !encoding.equals(GZIP)) {
            throw new Refused("its encoding is '" + cut(encoding) + "' but must be " + GZIP);
        }
        if (cipher == null && check.cipher().isPresent()) {
            throw new Refused("its payload is not encrypted");
        }
        if (cipher != null && check.cipher(cipher).isEmpty()) {
            throw new Refused("its payload is encrypted by '" + cut(cipher) + "', which is not declared here");
        }
    }

    private static String cut(String text) {
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
    }

    /** Where its payload is, in words. */
    String place() {
        return "'" + key + "' in payload store '" + store + "'";
    }

    /** What its payload is bound to. */
    byte[] bound() {
        return bound(key);
    }

    /** What a payload of that key is bound to. */
    static byte[] bound(String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }
}
