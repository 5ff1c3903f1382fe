package dev.waybill;

import dev.waybill.internal.Payloads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * A payload that need not be in memory: some bytes, a file, or a stream; of a queue that is declared with {@link Codec#payload()}.
 * With a {@link dev.waybill.claimcheck.ClaimCheck} it can be of any size; without one it must fit into a message.
 */
public interface Payload {

    /** The bytes themselves, not copied. */
    static Payload of(byte[] bytes) {
        return Payloads.of(bytes);
    }

    /** A file, read when it is sent. */
    static Payload of(Path file) {
        return Payloads.of(file);
    }

    /** A stream of any length, which is read once, when it is sent, and closed. */
    static Payload of(InputStream stream) {
        return Payloads.of(stream);
    }

    /**
     * Opens it, to be closed by who does. Of a received payload that comes from a store, the last bytes are handed over only when all are
     * known to be what was sent; before that, reading fails with an {@link IOException}.
     *
     * @throws IllegalStateException if it can be read once only, and was
     */
    InputStream open() throws IOException;

    /** How many bytes it has; negative if that is not known. */
    long size();

    /** All of it in memory. */
    default byte[] bytes() throws IOException {
        try (InputStream in = open()) {
            return in.readAllBytes();
        }
    }
}
