package dev.waybill.kafka;

import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerProvider;
import java.util.Set;

/** Waybill on Kafka share groups: {@code waybill.broker=kafka}. What it promises is in the package's documentation. */
public final class KafkaBrokerProvider implements BrokerProvider {

    @Override
    public String name() {
        return "kafka";
    }

    @Override
    public Set<String> keys() {
        return KafkaSettings.KEYS;
    }

    @Override
    public Broker open(BrokerContext context) {
        return KafkaBroker.open(new KafkaSettings(context), context);
    }
}
