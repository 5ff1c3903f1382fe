package dev.waybill.tck;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A store that fails when it is told to, and remembers what it was asked for. */
final class FaultyPayloadStore implements PayloadStore {
    private final PayloadStore working;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<String> written = new CopyOnWriteArrayList<>();
    private final AtomicInteger readsToFail = new AtomicInteger();
    private volatile int failAfter;
    private volatile boolean down;
    private volatile @Nullable ValetHost valetHost;

    FaultyPayloadStore(PayloadStore working) {
        this.working = working;
    }

    void down(boolean down) {
        this.down = down;
    }

    /** From now on it gives valet keys. */
    void giveValetKeysOf(ValetHost host) {
        valetHost = host;
    }

    /** What works whether it is down or not. */
    PayloadStore working() {
        return working;
    }

    /** So many streams fail after so many bytes. */
    void failReadsAfter(int bytes, int reads) {
        failAfter = bytes;
        readsToFail.set(reads);
    }

    /** The keys that it was asked for. */
    List<String> asked() {
        return asked;
    }

    List<String> written() {
        return written;
    }

    /** What is there. */
    List<String> keys() {
        return working.list("", 1000).stream().map(StoredPayload::key).toList();
    }

    /** What is there but for notes. */
    List<String> payloads() {
        return keys().stream().filter(key -> !key.endsWith(ClaimCheck.DONE)).toList();
    }

    private void ask(String key) {
        asked.add(key);
        if (down) {
            throw new PayloadStoreException("the store is down", null);
        }
    }

    @Override
    public String name() {
        return working.name();
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        ask(key);
        written.add(key);
        return working.write(key, content);
    }

    @Override
    public InputStream read(String key) throws PayloadMissingException {
        ask(key);
        InputStream in = working.read(key);
        return readsToFail.getAndUpdate(left -> Math.max(0, left - 1)) > 0 ? new Cut(in, failAfter) : in;
    }

    @Override
    public boolean exists(String key) {
        ask(key);
        return working.exists(key);
    }

    @Override
    public void delete(List<String> keys) {
        keys.forEach(this::ask);
        working.delete(keys);
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        ask("");
        return working.list(after, limit);
    }

    @Override
    public Optional<URI> valetKey(String key, Duration validFor) {
        return Optional.ofNullable(valetHost).map(host -> host.valetKey(key, validFor));
    }

    /** A stream whose connection is lost. */
    private static final class Cut extends FilterInputStream {
        private int left;

        Cut(InputStream in, int left) {
            super(in);
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            throw new UnsupportedOperationException("nobody reads single bytes from a store");
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left <= 0) {
                throw new IOException("the connection was lost");
            }
            int read = super.read(bytes, offset, Math.min(left, length));
            left -= read;
            return read;
        }
    }
}
