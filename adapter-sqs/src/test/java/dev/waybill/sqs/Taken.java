package dev.waybill.sqs;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A received message that keeps what was reported of it. */
final class Taken implements Held {
    private final Inbound inbound;
    private final LinkedBlockingQueue<String> reports = new LinkedBlockingQueue<>();
    private @Nullable Disposition disposition;
    private long delayMillis;

    Taken(Inbound inbound) {
        this.inbound = inbound;
    }

    Taken decide(Disposition disposition) {
        this.disposition = disposition;
        return this;
    }

    Taken retryAfter(long millis) {
        delayMillis = millis;
        return decide(Disposition.RETRY);
    }

    String text() {
        return new String(inbound.envelope().body(), StandardCharsets.UTF_8);
    }

    /** Waits for the next report. */
    String report() throws InterruptedException {
        String next = reports.poll(30, TimeUnit.SECONDS);
        return next == null ? "nothing reported" : next;
    }

    @Override
    public Inbound inbound() {
        return inbound;
    }

    @Override
    public Disposition disposition() {
        if (disposition == null) {
            throw new IllegalStateException("not decided");
        }
        return disposition;
    }

    @Override
    public long delayMillis() {
        return delayMillis;
    }

    @Override
    public void settled() {
        reports.add("settled");
    }

    @Override
    public void extended() {
        reports.add("extended");
    }

    @Override
    public void lost(String why) {
        reports.add("lost: " + why);
    }

    @Override
    public void failed(BrokerException cause) {
        reports.add("failed: " + cause.kind() + ": " + cause.getMessage());
    }
}
