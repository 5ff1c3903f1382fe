package dev.waybill.kafka;

import java.util.Optional;

/**
 * Where one queue's delayed messages wait.
 *
 * @param queue its name
 * @param topics of the broker
 */
record DelayRoute(String queue, DelayTopics topics) {

    /** @throws dev.waybill.spi.BrokerException see {@link DelayTopics#topic} */
    Optional<String> topic(long millis) {
        return topics.topic(queue, millis);
    }

    /** What that topic is called. */
    String name(long millis) {
        return topics.name(queue, DelayLevels.level(millis));
    }

    void doubt(String topic) {
        topics.doubt(topic);
    }
}
