package dev.waybill.sqs;

import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerProvider;
import java.util.Set;

/** Waybill on Amazon SQS: {@code waybill.broker = sqs}. See the package documentation. */
public final class SqsBrokerProvider implements BrokerProvider {
    /** The region, where the address is an endpoint. */
    static final String REGION = "region";

    @Override
    public String name() {
        return "sqs";
    }

    @Override
    public Set<String> keys() {
        return Set.of(REGION);
    }

    @Override
    public Broker open(BrokerContext context) {
        return new SqsBroker(context);
    }
}
