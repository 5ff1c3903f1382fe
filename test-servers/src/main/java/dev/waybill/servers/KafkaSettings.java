package dev.waybill.servers;

import java.util.LinkedHashMap;
import java.util.Map;

/** What every Kafka of the tests has, wherever it runs. */
final class KafkaSettings {
    private KafkaSettings() {}

    static Map<String, String> usual() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("num.partitions", "4");
        settings.put("auto.create.topics.enable", "false");
        settings.put("default.replication.factor", "1");
        settings.put("min.insync.replicas", "1");
        for (String topic : new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
            settings.put(topic + ".replication.factor", "1");
            settings.put(topic + ".num.partitions", "4");
        }
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");

        // Groups form at once, and tests may set locks of a second.
        settings.put("group.initial.rebalance.delay.ms", "0");
        settings.put("group.consumer.min.session.timeout.ms", "6000");
        settings.put("group.consumer.min.heartbeat.interval.ms", "1000");
        settings.put("group.share.min.session.timeout.ms", "6000");
        settings.put("group.share.min.heartbeat.interval.ms", "1000");
        settings.put("group.share.heartbeat.interval.ms", "1000");
        settings.put("group.share.min.record.lock.duration.ms", "1000");
        settings.put("group.share.record.lock.duration.ms", "30000");
        settings.put("group.share.max.record.lock.duration.ms", "3600000");
        settings.put("group.share.max.delivery.count.limit", "25");

        // KIP-1191: a share group's dead-letter topic is made when it is first needed.
        settings.put("errors.deadletterqueue.auto.create.topics.enable", "true");

        // Small and quick on a small machine.
        settings.put("log.segment.bytes", "134217728");
        settings.put("num.network.threads", "2");
        settings.put("num.io.threads", "4");
        settings.put("log.cleaner.dedupe.buffer.size", "8388608");
        return settings;
    }
}
