package dev.waybill.rabbitmq;

import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;

/** Where a message is published that is not delayed. */
interface Route {
    String exchange();

    String routingKey(Envelope message);

    /** For an error message: what is missing when a message finds no queue. */
    String missing();

    static Route to(Destination destination, Partitions partitions) {
        String queue = Topology.name(destination);
        return destination.ordered() ? new ToPartition(queue, partitions) : new ToQueue(queue);
    }

    /** By the exchange that leads to every queue by its name. */
    record ToQueue(String queue) implements Route {
        @Override
        public String exchange() {
            return "";
        }

        @Override
        public String routingKey(Envelope message) {
            return queue;
        }

        @Override
        public String missing() {
            return "there is no queue '" + queue + "'";
        }
    }

    /** To the partition of the message's key. */
    record ToPartition(String queue, Partitions partitions) implements Route {
        @Override
        public String exchange() {
            return Partitions.exchange(queue);
        }

        @Override
        public String routingKey(Envelope message) {
            return partitions.routingKey(message.key());
        }

        @Override
        public String missing() {
            return "no partition of queue '" + queue + "' is bound to exchange '" + exchange() + "'";
        }
    }
}
