package dev.waybill.internal;

import dev.waybill.claimcheck.PayloadStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** A payload store of which a test says what it needs. */
abstract class StubPayloadStore implements PayloadStore {
    @Override
    public String name() {
        return "store";
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public InputStream read(String key) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean exists(String key) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void delete(List<String> keys) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        throw new UnsupportedOperationException();
    }
}
