package dev.waybill.tck.broken;

import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A store that works but for one fault, or wholly if it has none. */
public final class BrokenPayloadStore implements PayloadStore {
    private final @Nullable PayloadStoreFault fault;
    private final Map<String, byte[]> payloads;

    public BrokenPayloadStore(@Nullable PayloadStoreFault fault) {
        this.fault = fault;
        payloads = new ConcurrentSkipListMap<>(
                is(PayloadStoreFault.FOLDS_CASE)
                        ? String.CASE_INSENSITIVE_ORDER.thenComparing(Comparator.naturalOrder())
                        : Comparator.naturalOrder());
    }

    private boolean is(PayloadStoreFault other) {
        return fault == other;
    }

    private String checked(String key) {
        return is(PayloadStoreFault.TAKES_ANY_KEY) ? key : PayloadStore.checkedKey(key);
    }

    @Override
    public String name() {
        return "broken";
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        checked(key);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            content.writeTo(out);
        } catch (IOException | RuntimeException failed) {
            if (is(PayloadStoreFault.KEEPS_HALF)) {
                payloads.put(key, out.toByteArray());
            }
            if (is(PayloadStoreFault.BLAMES_ITSELF)) {
                throw new PayloadStoreException("the store has failed", failed);
            }
            throw failed;
        }
        byte[] bytes = out.toByteArray();
        if (is(PayloadStoreFault.CUTS_LARGE_ONES) && bytes.length > 16 << 20) {
            bytes = Arrays.copyOf(bytes, 16 << 20);
        }
        if (is(PayloadStoreFault.LOSES_EMPTY_ONES) && bytes.length == 0) {
            return true;
        }
        if (is(PayloadStoreFault.WRITES_OVER)) {
            payloads.put(key, bytes);
            return true;
        }
        if (is(PayloadStoreFault.LOOKS_FIRST)) {
            if (payloads.containsKey(key)) {
                return false;
            }
            LockSupport.parkNanos(10_000_000);
            payloads.put(key, bytes);
            return true;
        }
        return payloads.putIfAbsent(key, bytes) == null;
    }

    @Override
    public InputStream read(String key) throws PayloadMissingException {
        byte[] bytes = is(PayloadStoreFault.READS_ONCE) ? payloads.remove(checked(key)) : payloads.get(checked(key));
        if (bytes == null && !is(PayloadStoreFault.INVENTS)) {
            throw new PayloadMissingException("'" + key + "' in payload store 'broken'");
        }
        return new ByteArrayInputStream(bytes == null ? new byte[0] : bytes);
    }

    @Override
    public boolean exists(String key) {
        return payloads.containsKey(checked(key));
    }

    @Override
    public void delete(List<String> keys) {
        keys.forEach(this::checked);
        List<String> some =
                is(PayloadStoreFault.DELETES_A_THOUSAND) ? keys.subList(0, Math.min(1000, keys.size())) : keys;
        for (String key : some) {
            if (is(PayloadStoreFault.DELETES_TOO_MUCH)) {
                payloads.keySet().removeIf(other -> other.startsWith(key));
            }
            payloads.remove(key);
        }
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        boolean repeats = is(PayloadStoreFault.REPEATS_ON_PAGES);
        long now = is(PayloadStoreFault.KNOWS_NO_TIME) ? 0 : System.currentTimeMillis();
        return payloads.entrySet().stream()
                .filter(entry -> entry.getKey().compareTo(after) > (repeats ? -1 : 0))
                .limit(limit)
                .map(entry -> new StoredPayload(entry.getKey(), entry.getValue().length, now))
                .toList();
    }
}
