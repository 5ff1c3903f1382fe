package dev.waybill.examples.thumbnails;

import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** Counts what goes into a store and what comes out. */
final class CountingStore implements PayloadStore {
    private final PayloadStore store;
    private final LongAdder written = new LongAdder();
    private final LongAdder fetched = new LongAdder();

    CountingStore(PayloadStore store) {
        this.store = store;
    }

    long bytesIn() {
        return written.sum();
    }

    long bytesOut() {
        return fetched.sum();
    }

    @Override
    public String name() {
        return store.name();
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        return store.write(key, to -> content.writeTo(new CountedOutput(to)));
    }

    @Override
    public InputStream read(String key) throws PayloadMissingException {
        return new CountedInput(store.read(key));
    }

    @Override
    public boolean exists(String key) {
        return store.exists(key);
    }

    @Override
    public void delete(List<String> keys) {
        store.delete(keys);
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        return store.list(after, limit);
    }

    @Override
    public Optional<URI> valetKey(String key, Duration validFor) {
        return store.valetKey(key, validFor);
    }

    private final class CountedOutput extends FilterOutputStream {
        CountedOutput(OutputStream to) {
            super(to);
        }

        @Override
        public void write(int one) throws IOException {
            out.write(one);
            written.increment();
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            written.add(length);
        }
    }

    private final class CountedInput extends FilterInputStream {
        CountedInput(InputStream from) {
            super(from);
        }

        @Override
        public int read() throws IOException {
            int one = super.read();
            if (one >= 0) {
                fetched.increment();
            }
            return one;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            if (read > 0) {
                fetched.add(read);
            }
            return read;
        }
    }
}
