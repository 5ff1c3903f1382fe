package dev.waybill.kafka;

import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;

/**
 * What a queue is called on the broker. A dot cannot be in a queue's name, so no two queues share a name here.
 *
 * @param deadLetterPrefix what the broker wants a dead-letter topic to start with
 */
record Names(String deadLetterPrefix) {
    static final String DEFAULT_PREFIX = "dlq.";

    static Names with(String brokersPrefix) {
        return new Names(brokersPrefix.isEmpty() ? DEFAULT_PREFIX : brokersPrefix);
    }

    String topic(String queue) {
        return queue;
    }

    String deadLetterTopic(String queue) {
        return deadLetterPrefix + queue;
    }

    String group(String queue) {
        return "waybill-" + queue;
    }

    /** The consumer group of an ordered queue; a share group keeps no order. */
    String orderedGroup(String queue) {
        return group(queue) + ".ordered";
    }

    String deadLetterGroup(String queue) {
        return group(queue) + ".dlq";
    }

    /** Where what is to wait for {@link DelayLevels#step} of that level waits. */
    String delayTopic(String queue, int level) {
        return topic(queue) + ".delay-" + level;
    }

    /** The consumer group that reads the delay topics. */
    String delayGroup(String queue) {
        return group(queue) + ".delay";
    }

    /** What stands for the queue's name in all but that of the dead letters, which its lanes share. */
    static String place(QueueDefinition queue) {
        return queue.place(".");
    }

    String topic(Destination destination) {
        QueueDefinition queue = destination.queue();
        return destination.role() == Destination.Role.MAIN ? topic(place(queue)) : deadLetterTopic(queue.name());
    }

    String group(Destination destination) {
        QueueDefinition queue = destination.queue();
        return destination.role() == Destination.Role.MAIN ? group(place(queue)) : deadLetterGroup(queue.name());
    }
}
