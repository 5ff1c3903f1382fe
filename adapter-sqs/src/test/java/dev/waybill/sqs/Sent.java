package dev.waybill.sqs;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A message that keeps how it was reported, and refuses a second report. */
final class Sent implements Outbound {
    private final Envelope envelope;
    private final long delayMillis;
    private final CompletableFuture<String> report = new CompletableFuture<>();
    volatile @Nullable Reason reason;
    volatile boolean maybeStored;

    Sent(String text) {
        this(Fixture.envelope(text));
    }

    Sent(String text, long delayMillis) {
        this(Fixture.envelope(text), delayMillis);
    }

    Sent(Envelope envelope) {
        this(envelope, 0);
    }

    private Sent(Envelope envelope, long delayMillis) {
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
    public void failed(Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
        this.reason = reason;
        this.maybeStored = maybeStored;
        report(reason + (maybeStored ? ", maybe stored: " : ": ") + detail);
    }

    private void report(String how) {
        if (!report.complete(how)) {
            throw new AssertionError("reported twice: " + report.join() + " and " + how);
        }
    }

    boolean isReported() {
        return report.isDone();
    }

    /** Waits for the report. */
    String join() {
        return report.orTimeout(30, TimeUnit.SECONDS).join();
    }
}
