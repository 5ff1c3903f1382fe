package dev.waybill.inmemory;

import dev.waybill.SendException;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A message to send that remembers what was reported, and that it was reported once. */
final class Sent implements Outbound {
    final CompletableFuture<String> report = new CompletableFuture<>();
    private final Envelope envelope;
    private final long delayMillis;

    Sent(String text) {
        this(text, null);
    }

    Sent(String text, @Nullable String key) {
        this(new Envelope(text, key, null, 0, Map.of(), text.getBytes(StandardCharsets.UTF_8)));
    }

    Sent(Envelope envelope) {
        this(envelope, 0);
    }

    Sent(Envelope envelope, long delayMillis) {
        this.envelope = envelope;
        this.delayMillis = delayMillis;
    }

    @Override
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public long delayMillis() {
        return delayMillis;
    }

    @Override
    public void stored() {
        report("stored");
    }

    @Override
    public void failed(SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
        report(reason + (maybeStored ? ", maybe stored" : ", not stored"));
    }

    private void report(String what) {
        if (!report.complete(what)) {
            throw new AssertionError(envelope + " is reported as " + what + " after " + report.join());
        }
    }
}
