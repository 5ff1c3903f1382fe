package dev.waybill.rabbitmq;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A held message that remembers what was reported of it. */
final class Holding implements Held {
    private final Inbound inbound;
    private final Disposition disposition;
    final AtomicInteger settled = new AtomicInteger();
    final AtomicInteger extended = new AtomicInteger();
    final AtomicInteger lost = new AtomicInteger();
    volatile @Nullable String why;
    volatile @Nullable BrokerException failure;

    Holding(Inbound inbound, Disposition disposition) {
        this.inbound = inbound;
        this.disposition = disposition;
    }

    @Override
    public Inbound inbound() {
        return inbound;
    }

    @Override
    public Disposition disposition() {
        return disposition;
    }

    @Override
    public void settled() {
        settled.incrementAndGet();
    }

    @Override
    public void extended() {
        extended.incrementAndGet();
    }

    @Override
    public void lost(String why) {
        this.why = why;
        lost.incrementAndGet();
    }

    @Override
    public void failed(BrokerException cause) {
        failure = cause;
    }

    @Override
    public String toString() {
        return inbound.envelope().id() + " settled=" + settled + " extended=" + extended + " lost=" + lost + " " + why;
    }
}
