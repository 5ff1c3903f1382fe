package dev.waybill.rabbitmq;

import dev.waybill.CapabilityException;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.BrokerException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A queue that is ordered by key, as it is declared: its partitions, and the exchange that leads to them. */
record PartitionedQueue(String name, Partitions partitions, Declarations declarations) {
    /** What the server says depends on whether it has ever heard of it. */
    private static final Pattern NO_SUCH_TYPE = Pattern.compile("(unknown|invalid) exchange type");

    void declare(Map<String, Object> arguments, TopologyMode mode) {
        if (declarations.hasQueue(name)) {
            throw differs("ordered by key", "in partitions", "not: queue '" + name + "' exists");
        }
        List<String> queues = partitions.of(name);
        // It is made after all of them: where it is they are, and what is missing was never declared.
        boolean whole = declarations.hasExchange(Partitions.exchange(name));
        if (whole && !declarations.hasQueue(queues.get(queues.size() - 1))) {
            throw otherNumber();
        }
        declarations.queue(Partitions.receivers(name), Map.of("x-queue-type", "quorum"));
        queues.forEach(queue -> declarations.queue(queue, arguments));
        if (declarations.hasQueue(Partitions.partition(name, partitions.count()))) {
            throw otherNumber();
        }
        declareExchange();
        if (mode == TopologyMode.DECLARE) {
            bind(queues);
        }
    }

    /** A key would be in another partition than for those who declare that number. */
    private TopologyException otherNumber() {
        int found = 0;
        while (declarations.hasQueue(Partitions.partition(name, found))) {
            found++;
        }
        return differs("partitions", Integer.toString(partitions.count()), Integer.toString(found));
    }

    private TopologyException differs(String field, String declared, String actual) {
        return new TopologyException(
                "queue '" + name + "' on RabbitMQ", List.of(new Difference(field, declared, actual)));
    }

    private void declareExchange() {
        String type = partitions.partitioner().exchangeType;
        try {
            declarations.exchange(Partitions.exchange(name), type, Map.of());
        } catch (BrokerException failed) {
            if (NO_SUCH_TYPE.matcher(Faults.describe(failed)).find()) {
                throw noPlugin(name, type);
            }
            throw failed;
        }
    }

    static CapabilityException noPlugin(String queue, String type) {
        return new CapabilityException(
                "queue '" + queue + "' is declared ordered by key, for which the server needs exchanges of type "
                        + type + ": rabbitmq-plugins enable rabbitmq_consistent_hash_exchange, or set waybill.rabbitmq."
                        + RabbitMqBrokerProvider.PARTITIONER + " = client wherever this queue is used");
    }

    /** In their order, which before the server's is that of the parts of all keys. */
    private void bind(List<String> queues) {
        declarations.ask(channel -> {
            for (int index = 0; index < queues.size(); index++) {
                channel.queueBind(queues.get(index), Partitions.exchange(name), partitions.bindingKey(index));
            }
        });
    }
}
