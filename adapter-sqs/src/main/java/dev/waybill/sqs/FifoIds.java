package dev.waybill.sqs;

import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** By what a FIFO queue knows the order of a message and that it has it already: 1 to 128 characters of printable ASCII. */
final class FifoIds {
    private static final Pattern ALLOWED = Pattern.compile("[!-~]{1,128}");

    private final boolean byKey;

    private FifoIds(boolean byKey) {
        this.byKey = byKey;
    }

    /** Null if it is no FIFO queue. */
    static @Nullable FifoIds of(Destination destination) {
        return destination.queue().ordered() ? new FifoIds(destination.ordered()) : null;
    }

    /**
     * The message's key; a message without one is in order with none. So are dead letters, since whoever looks at one would hide all
     * others of its key.
     */
    String group(Envelope envelope) {
        String key = byKey ? envelope.key() : null;
        return allowed(key == null ? envelope.id() : key);
    }

    /**
     * The message's id, by which SQS drops a second one within five minutes; that of a message which is sent on from another queue may
     * have been sent here before, and is not the same message again.
     */
    String deduplication(Outbound message) {
        return message.moved()
                ? UUID.randomUUID().toString()
                : allowed(message.envelope().id());
    }

    private static String allowed(String text) {
        if (ALLOWED.matcher(text).matches()) {
            return text;
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }
}
