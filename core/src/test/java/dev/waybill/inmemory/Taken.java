package dev.waybill.inmemory;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A received message with what is to become of it, that remembers what was reported. */
final class Taken implements Held {
    final List<String> reports = new CopyOnWriteArrayList<>();
    private final Inbound inbound;
    private final Disposition disposition;

    Taken(Inbound inbound, Disposition disposition) {
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
        reports.add("settled");
    }

    @Override
    public void extended() {
        reports.add("extended");
    }

    @Override
    public void lost(String why) {
        reports.add("lost");
    }

    @Override
    public void failed(BrokerException cause) {
        reports.add("failed " + cause.kind());
    }
}
