package dev.waybill.inmemory;

import dev.waybill.ConfigException;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerProvider;
import java.util.Set;
import java.util.TreeSet;

/** Opens the broker inside this JVM; see the package documentation. */
public final class InMemoryBrokerProvider implements BrokerProvider {

    @Override
    public String name() {
        return "in-memory";
    }

    @Override
    public Set<String> keys() {
        return Set.of();
    }

    @Override
    public Broker open(BrokerContext context) {
        if (!context.nativeSettings().isEmpty()) {
            throw new ConfigException("waybill.in-memory.native."
                    + new TreeSet<>(context.nativeSettings().keySet()).first()
                    + " is not allowed: the in-memory broker has no client to pass it to");
        }
        Address address = Address.parse(context.uri().orElse("in-memory:"));
        return new InMemoryBroker(address, Cluster.join(address, context.time()));
    }
}
