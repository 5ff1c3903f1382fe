package dev.waybill.tck.broken;

import dev.waybill.inmemory.InMemoryBrokerProvider;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerProvider;
import java.util.Set;

/** A broker of the kind {@link Fault} names, in {@code waybill.broken.fault}: the in-memory one, with one thing wrong; without it, with nothing wrong. */
public final class BrokenProvider implements BrokerProvider {
    @Override
    public String name() {
        return "broken";
    }

    @Override
    public Set<String> keys() {
        return Set.of("fault");
    }

    @Override
    public Broker open(BrokerContext context) {
        Fault fault = context.setting("fault").map(Fault::valueOf).orElse(null);
        return new BrokenBroker(new InMemoryBrokerProvider().open(context), fault);
    }
}
