package dev.waybill.rabbitmq;

import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerProvider;
import java.util.Set;

/** Waybill on RabbitMQ: {@code waybill.broker = rabbitmq}. See the package documentation. */
public final class RabbitMqBrokerProvider implements BrokerProvider {
    /** The largest message in bytes, to match the server's {@code max_message_size}; by default 16 MiB, as the server's. */
    static final String MAX_MESSAGE_BYTES = "max-message-bytes";

    /** Over how many queues one that is ordered by key is spread; by default 16. */
    static final String PARTITIONS = "partitions";
    /** Who finds the partition of a key: {@code client}, the default, or {@code exchange}. */
    static final String PARTITIONER = "partitioner";

    @Override
    public String name() {
        return "rabbitmq";
    }

    @Override
    public Set<String> keys() {
        return Set.of(MAX_MESSAGE_BYTES, PARTITIONS, PARTITIONER);
    }

    @Override
    public Broker open(BrokerContext context) {
        return new RabbitMqBroker(context);
    }
}
