package dev.waybill.internal;

import dev.waybill.claimcheck.PayloadCipher;
import dev.waybill.claimcheck.PayloadCorruptException;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A payload as it comes out of its store: decrypted, expanded, and verified, so that the last byte is handed over only when the whole is
 * what was sent. It tells trouble of the store from a corrupt payload.
 */
final class ClaimStream extends InputStream {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimStream.class);
    private static final int BUFFER = 64 * 1024;

    private final Reference reference;
    private final Stored stored;
    private final InputStream in;
    private final MessageDigest digest = ClaimWriter.sha256();
    private long left;
    private boolean verified;
    private volatile boolean closed;

    /**
     * @param cipher by what it is encrypted, or null
     * @param onTrouble is told of trouble of the store
     */
    ClaimStream(Reference reference, InputStream stored, @Nullable PayloadCipher cipher, Trouble onTrouble)
            throws IOException {
        this.reference = reference;
        this.stored = new Stored(stored, onTrouble);
        left = reference.bytes();
        try {
            InputStream plain = cipher == null ? this.stored : cipher.decrypting(this.stored, reference.bound());
            in = reference.encoding() == null ? plain : new GZIPInputStream(plain, BUFFER);
        } catch (IOException | RuntimeException bad) {
            close(this.stored);
            throw told(bad);
        }
    }

    /** Hears that a store has failed while a payload was read. */
    interface Trouble {
        void on(Exception failure);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        if (closed) {
            throw new IOException("the stream of the payload " + reference.place() + " is closed");
        }
        if (left == 0) {
            if (!verified) {
                verify();
            }
            return -1;
        }
        int most = (int) Math.min(length, left == 1 ? 1 : left - 1);
        int read = readSome(bytes, offset, most);
        if (read < 0) {
            throw corrupt("is shorter than the " + reference.bytes() + " bytes that were sent", null);
        }
        digest.update(bytes, offset, read);
        left -= read;
        if (left == 0) {
            verify();
        }
        return read;
    }

    private int readSome(byte[] bytes, int offset, int length) throws IOException {
        try {
            return in.read(bytes, offset, length);
        } catch (IOException | RuntimeException bad) {
            throw told(bad);
        }
    }

    /** What expands or decrypts may stop before the end, and a store's connection can be used again only after that. */
    private int readStored() throws IOException {
        try {
            return stored.read();
        } catch (IOException | RuntimeException bad) {
            throw told(bad);
        }
    }

    private void verify() throws IOException {
        if (readSome(new byte[1], 0, 1) >= 0) {
            throw corrupt("is longer than the " + reference.bytes() + " bytes that were sent", null);
        }
        if (readStored() >= 0) {
            throw corrupt("is followed by something else in its store", null);
        }
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(reference.digest())) {
            throw corrupt("has the SHA-256 " + found + ", not " + reference.digest(), null);
        }
        verified = true;
    }

    /** What went wrong is the store's trouble, if that has any, or else the payload's. */
    private IOException told(Exception bad) {
        Exception trouble = stored.trouble;
        if (trouble != null) {
            return new IOException(reference.place() + " cannot be read: " + trouble, trouble);
        }
        return corrupt("cannot be read: " + bad.getMessage(), bad);
    }

    private PayloadCorruptException corrupt(String what, @Nullable Throwable cause) {
        return new PayloadCorruptException("the payload " + reference.place() + " " + what, cause);
    }

    /** To close what is read no further may fail, which tells nothing. */
    @Override
    public void close() {
        closed = true;
        close(in);
        close(stored);
    }

    private void close(InputStream stream) {
        try {
            stream.close();
        } catch (IOException | RuntimeException unimportant) {
            LOG.debug("closing the payload {} failed", reference.place(), unimportant);
        }
    }

    /** The store's own stream, which remembers its trouble. */
    private final class Stored extends FilterInputStream {
        private final Trouble onTrouble;
        private @Nullable Exception trouble;

        Stored(InputStream in, Trouble onTrouble) {
            super(in);
            this.onTrouble = onTrouble;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return super.read(bytes, offset, length);
            } catch (IOException | PayloadStoreException failed) {
                if (trouble == null) {
                    trouble = failed;
                    // A stream that is closed under its reader, or whose reader is interrupted, says nothing of the
                    // store.
                    if (!closed && !Thread.currentThread().isInterrupted()) {
                        onTrouble.on(failed);
                    }
                }
                throw failed;
            }
        }
    }
}
