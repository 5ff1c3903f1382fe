package dev.waybill.it;

import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;

/** A payload store in memory that can be switched off. */
final class SwitchedStore implements PayloadStore {
    private final ConcurrentSkipListMap<String, byte[]> payloads = new ConcurrentSkipListMap<>();
    private volatile boolean down;

    void down(boolean down) {
        this.down = down;
    }

    private ConcurrentSkipListMap<String, byte[]> payloads() {
        if (down) {
            throw new PayloadStoreException("the payload store is down", null);
        }
        return payloads;
    }

    @Override
    public String name() {
        return "switched";
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        content.writeTo(out);
        return payloads().putIfAbsent(key, out.toByteArray()) == null;
    }

    @Override
    public InputStream read(String key) throws PayloadMissingException {
        byte[] payload = payloads().get(key);
        if (payload == null) {
            throw new PayloadMissingException(key);
        }
        return new ByteArrayInputStream(payload);
    }

    @Override
    public boolean exists(String key) {
        return payloads().containsKey(key);
    }

    @Override
    public void delete(List<String> keys) {
        payloads().keySet().removeAll(keys);
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        return payloads().tailMap(after, false).entrySet().stream()
                .limit(limit)
                .map(entry -> new StoredPayload(entry.getKey(), entry.getValue().length, 0))
                .toList();
    }
}
