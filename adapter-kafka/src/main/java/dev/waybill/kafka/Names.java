package dev.waybill.kafka;

import dev.waybill.spi.Destination;

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

    String deadLetterGroup(String queue) {
        return group(queue) + ".dlq";
    }

    String topic(Destination destination) {
        String queue = destination.queue().name();
        return destination.role() == Destination.Role.MAIN ? topic(queue) : deadLetterTopic(queue);
    }

    String group(Destination destination) {
        String queue = destination.queue().name();
        return destination.role() == Destination.Role.MAIN ? group(queue) : deadLetterGroup(queue);
    }
}
