package dev.waybill.internal;

import dev.waybill.CodecException;
import dev.waybill.Message;
import dev.waybill.Payload;
import dev.waybill.Queue;
import dev.waybill.SendException;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadCipher;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.Content;
import dev.waybill.claimcheck.PayloadStoreException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** The side of a claim check that sends: decides what goes to the store, and puts it there. */
final class ClaimWriter {
    private static final int BUFFER = 64 * 1024;

    private final Engine engine;
    private final Queue<?> queue;
    private final ClaimCheck check;
    private final long threshold;
    private final CircuitBreaker breaker;

    ClaimWriter(Engine engine, Queue<?> queue, ClaimCheck check, CircuitBreaker breaker) {
        this.engine = engine;
        this.queue = queue;
        this.check = check;
        this.breaker = breaker;
        threshold = Math.min(
                check.threshold().orElse(engine.limits().claimCheckBytes()),
                engine.limits().maxMessageBytes());
    }

    /**
     * The body of a message.
     *
     * @param key of the payload in the store; null if the payload is the body
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Body(byte[] bytes, String contentType, @Nullable String key) {}

    /** The body of a message whose payload is encoded. */
    Body body(Message<?> message, byte[] encoded, String contentType) {
        return stores(encoded)
                ? stored(message, encoded, InputStream.nullInputStream(), contentType)
                : new Body(encoded, contentType, null);
    }

    /** Whether such a payload waits in the store. */
    boolean stores(byte[] encoded) {
        return encoded.length > threshold;
    }

    /** The body of a message whose payload may not be in memory, and is not brought there beyond the threshold. */
    Body body(Message<?> message, Payload payload, String contentType) {
        @Nullable Body body = null;
        try (InputStream in = payload.open()) {
            byte[] head = in.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, threshold + 1));
            body = head.length <= threshold
                    ? new Body(head, contentType, null)
                    : stored(message, head, in, contentType);
            return body;
        } catch (IOException bad) {
            if (body != null && body.key() != null) {
                // It failed to close, when all was stored.
                notSent(body.key());
            }
            throw unreadable(message, bad);
        }
    }

    private CodecException unreadable(Message<?> message, IOException bad) {
        return new CodecException("the payload of " + message + " to " + queue + " cannot be read: " + bad, bad);
    }

    private Body stored(Message<?> message, byte[] head, InputStream rest, String contentType) {
        PayloadStore store = check.store();
        String key = queue.name() + "/" + MessageIds.next();
        @Nullable PayloadCipher cipher = check.cipher().orElse(null);
        Instant created = Instant.ofEpochMilli(engine.time().epochMillis());
        Measured measured = new Measured();
        Content content = out -> {
            OutputStream secret =
                    cipher == null ? new Open(out) : cipher.encrypting(new Open(out), Reference.bound(key));
            OutputStream small = check.isCompressed() ? new GZIPOutputStream(secret, BUFFER) : secret;
            try (small) {
                measured.copy(head, rest, small);
            }
        };
        if (!breaker.tryAcquirePermission()) {
            throw failure(message, "its circuit breaker " + breaker.getName() + " is " + breaker.getState(), null);
        }
        long began = System.nanoTime();
        @Nullable ValetKey valetKey;
        boolean written;
        try {
            valetKey = valetKey(message, key, created);
            written = store.write(key, content);
        } catch (IOException bad) {
            breaker.releasePermission();
            throw unreadable(message, bad);
        } catch (PayloadStoreException down) {
            if (Thread.currentThread().isInterrupted()) {
                // It says nothing of the store.
                breaker.releasePermission();
            } else {
                breaker.onError(System.nanoTime() - began, TimeUnit.NANOSECONDS, down);
            }
            // It may be there: perhaps it is only the answer that was lost.
            notSent(key);
            throw failure(message, down.getMessage(), down);
        } catch (RuntimeException | Error unexpected) {
            breaker.releasePermission();
            throw unexpected;
        }
        breaker.onSuccess(System.nanoTime() - began, TimeUnit.NANOSECONDS);
        if (!written) {
            throw failure(message, "it has a payload '" + key + "' already", null);
        }
        Reference reference = new Reference(
                store.name(),
                key,
                measured.bytes,
                HexFormat.of().formatHex(measured.digest.digest()),
                contentType,
                created,
                valetKey,
                check.isCompressed() ? Reference.GZIP : null,
                cipher == null ? null : cipher.name());
        return new Body(reference.encode(message.id(), check), Reference.CONTENT_TYPE, key);
    }

    /** @throws PayloadStoreException if the store had to ask for it, and was not answered */
    private @Nullable ValetKey valetKey(Message<?> message, String key, Instant created) {
        @Nullable Duration validFor = check.valetKeys().orElse(null);
        if (validFor == null) {
            return null;
        }
        try {
            URI address = check.store().valetKey(key, validFor).orElseThrow();
            return ValetKey.of(address.toASCIIString(), created.plus(validFor));
        } catch (PayloadStoreException down) {
            throw down;
        } catch (Reference.Refused | RuntimeException none) {
            throw failure(message, "it gives no valet key: " + none.getMessage(), none);
        }
    }

    private SendException failure(Message<?> message, @Nullable String why, @Nullable Throwable cause) {
        return new SendException(
                SendException.Reason.PAYLOAD_STORE,
                false,
                queue.name(),
                message.id(),
                "payload store '" + check.store().name() + "' does not take its payload: " + why,
                cause);
    }

    /** A send has ended; what is certainly not sent needs its payload no more. */
    void ended(String key, @Nullable Throwable failure) {
        if (failure instanceof SendException certain && !certain.maybeStored()) {
            notSent(key);
        }
    }

    private void notSent(String key) {
        engine.spent().delete(check.store(), key, false);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }

    /** Counts and digests what is copied. */
    private static final class Measured {
        final MessageDigest digest = sha256();
        long bytes;

        void copy(byte[] head, InputStream rest, OutputStream out) throws IOException {
            write(head, head.length, out);
            byte[] buffer = new byte[BUFFER];
            for (int read = rest.read(buffer); read >= 0; read = rest.read(buffer)) {
                write(buffer, read, out);
            }
        }

        private void write(byte[] from, int length, OutputStream out) throws IOException {
            digest.update(from, 0, length);
            bytes += length;
            out.write(from, 0, length);
        }
    }

    /** The store's stream, which only the store closes. */
    private static final class Open extends FilterOutputStream {
        Open(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
