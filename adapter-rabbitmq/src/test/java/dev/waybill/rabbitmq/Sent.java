package dev.waybill.rabbitmq;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A message that remembers what was reported of it. */
final class Sent implements Outbound {
    final Envelope envelope;
    final long delayMillis;
    final AtomicInteger reports = new AtomicInteger();
    volatile boolean stored;
    volatile boolean maybeStored;
    volatile @Nullable Reason reason;
    volatile @Nullable String detail;

    Sent(Envelope envelope) {
        this(envelope, 0);
    }

    Sent(Envelope envelope, long delayMillis) {
        this.envelope = envelope;
        this.delayMillis = delayMillis;
    }

    static Sent text(String id) {
        return new Sent(new Envelope(id, null, "text/plain", 1, Map.of(), id.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public Envelope envelope() {
        return envelope;
    }

    Sent delayed(long millis) {
        return new Sent(envelope, millis);
    }

    @Override
    public long delayMillis() {
        return delayMillis;
    }

    @Override
    public void stored() {
        stored = true;
        reports.incrementAndGet();
    }

    @Override
    public void failed(Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
        this.reason = reason;
        this.maybeStored = maybeStored;
        this.detail = detail;
        reports.incrementAndGet();
    }

    boolean reported() {
        return reports.get() > 0;
    }

    @Override
    public String toString() {
        return envelope.id() + (stored ? " stored" : " " + reason + " maybe=" + maybeStored + " " + detail);
    }
}
