package dev.waybill.kafka;

import dev.waybill.TopologyException.Difference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;

/**
 * One topic as it should be.
 *
 * @param name its name
 * @param partitions how many; empty: any number
 * @param created how many when it is created
 * @param replicas how many; empty: any number, and the broker's default when it is created
 * @param fixed configuration that must be so
 * @param initial further configuration for its creation only
 */
record TopicSpec(
        String name,
        OptionalInt partitions,
        int created,
        OptionalInt replicas,
        Map<String, String> fixed,
        Map<String, String> initial) {
    static final Duration DEFAULT_RETENTION = Duration.ofDays(14);
    static final String DEAD_LETTER_ENABLE = "errors.deadletterqueue.group.enable";

    /** How many partitions, and so how many processes, an ordered queue has unless configuration says. */
    private static final int ORDERED_PARTITIONS = 8;

    static TopicSpec main(String name, boolean ordered, KafkaSettings settings) {
        Map<String, String> fixed = sized(settings);
        Map<String, String> initial = new HashMap<>();
        settings.retentionMillis()
                .ifPresentOrElse(
                        retention -> fixed.put("retention.ms", Long.toString(retention)),
                        () -> initial.put("retention.ms", Long.toString(DEFAULT_RETENTION.toMillis())));
        int created = settings.partitions().orElse(ordered ? ORDERED_PARTITIONS : 1);
        return new TopicSpec(name, settings.partitions(), created, settings.replicationFactor(), fixed, initial);
    }

    static TopicSpec deadLetters(String name, KafkaSettings settings, Server server) {
        Map<String, String> fixed = sized(settings);
        if (server.deadLetterTopics()) {
            fixed.put(DEAD_LETTER_ENABLE, "true");
        }
        // Nobody watches a dead letter grow old: it stays until it is dealt with.
        return new TopicSpec(
                name, OptionalInt.empty(), 1, settings.replicationFactor(), fixed, Map.of("retention.ms", "-1"));
    }

    static TopicSpec delays(String name, KafkaSettings settings) {
        Map<String, String> fixed = sized(settings);
        // How long a message has waited is counted by the clock of the broker that keeps it.
        fixed.put("message.timestamp.type", "LogAppendTime");
        // What has been moved on is deleted by whoever moved it; what has not must not be.
        Map<String, String> initial = Map.of("retention.ms", "-1", "retention.bytes", "-1");
        return new TopicSpec(name, OptionalInt.empty(), 1, settings.replicationFactor(), fixed, initial);
    }

    private static Map<String, String> sized(KafkaSettings settings) {
        Map<String, String> fixed = new HashMap<>();
        // Compaction would drop all but the last message of each key.
        fixed.put("cleanup.policy", "delete");
        settings.maxMessageBytes()
                .ifPresent(
                        bytes -> fixed.put("max.message.bytes", Integer.toString(bytes + KafkaSettings.FRAMING_BYTES)));
        return fixed;
    }

    NewTopic creation() {
        Map<String, String> config = new HashMap<>(initial);
        config.putAll(fixed);
        Optional<Short> factor = replicas.isPresent() ? Optional.of((short) replicas.getAsInt()) : Optional.empty();
        return new NewTopic(name, Optional.of(created), factor).configs(config);
    }

    List<Difference> differences(TopicDescription topic, Config config) {
        List<Difference> differences = new ArrayList<>();
        int actual = topic.partitions().size();
        if (partitions.isPresent() && partitions.getAsInt() != actual) {
            differences.add(
                    difference("partitions", Integer.toString(partitions.getAsInt()), Integer.toString(actual)));
        }
        int copies = topic.partitions().get(0).replicas().size();
        if (replicas.isPresent() && replicas.getAsInt() != copies) {
            differences.add(
                    difference("replication-factor", Integer.toString(replicas.getAsInt()), Integer.toString(copies)));
        }
        fixed.forEach((key, declared) -> {
            ConfigEntry entry = config.get(key);
            String found = entry == null || entry.value() == null ? "none" : entry.value();
            if (!declared.equals(found)) {
                differences.add(difference(key, declared, found));
            }
        });
        return differences;
    }

    Difference missing() {
        return new Difference("topic " + name, "present", "none");
    }

    private Difference difference(String field, String declared, String actual) {
        return new Difference(field + " of topic " + name, declared, actual);
    }
}
