package dev.waybill.kafka;

import dev.waybill.ConfigException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.spi.QueueDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.jspecify.annotations.Nullable;

/**
 * One share group as it should be, or one consumer group.
 *
 * @param name its name
 * @param fixed configuration that must be so
 * @param tuning further configuration, set where the group has none of its own
 */
record GroupSpec(String name, Map<String, String> fixed, Map<String, String> tuning) {
    static final String LOCK = "share.record.lock.duration.ms";
    static final String LIMIT = "share.delivery.count.limit";
    static final long SESSION_MILLIS = 10_000;
    private static final String DEAD_LETTER_TOPIC = "errors.deadletterqueue.topic.name";
    private static final String DEAD_LETTER_COPY = "errors.deadletterqueue.copy.record.enable";
    private static final String LOCKS = "share.partition.max.record.locks";

    private static final int HIGHEST_LIMIT_BY_DEFAULT = 10;
    private static final String SESSION = "session.timeout.ms";
    private static final long HEARTBEAT_MILLIS = 1_000;

    /** The group that consumes a queue. */
    static GroupSpec main(QueueDefinition queue, Names names, Server server) {
        Server.Range limits = server.range("delivery.count.limit");
        if (!limits.holds(queue.maxDeliveries())) {
            throw outside(queue, "maxDeliveries", LIMIT, queue.maxDeliveries(), limits, "");
        }
        Map<String, String> fixed = common(queue, server);
        fixed.put(LIMIT, Integer.toString(limit(queue, server)));
        if (server.deadLetterTopics()) {
            fixed.put(DEAD_LETTER_TOPIC, names.deadLetterTopic(queue.name()));
            fixed.put(DEAD_LETTER_COPY, "true");
        }
        return new GroupSpec(names.group(Names.place(queue)), fixed, tuning(server));
    }

    /** A broker archives what its dead-letter topic refuses, so core is to move a message first. */
    static int limit(QueueDefinition queue, Server server) {
        long highest = highest(server.range("delivery.count.limit"));
        // Without a dead-letter topic the limit drops the message, so it must be as far away as it can be.
        long wanted = server.deadLetterTopics() ? Math.min(queue.wideLimit(), highest) : highest;
        return (int) Math.max(wanted, queue.maxDeliveries());
    }

    /**
     * The group that consumes its dead letters. Its own dead letters go to the end of the same topic: one that was looked at
     * too often comes again, instead of being dropped.
     */
    static GroupSpec deadLetters(QueueDefinition queue, Names names, Server server) {
        Map<String, String> fixed = common(queue, server);
        fixed.put(LIMIT, Long.toString(highest(server.range("delivery.count.limit"))));
        if (server.deadLetterTopics()) {
            fixed.put(DEAD_LETTER_TOPIC, names.deadLetterTopic(queue.name()));
            fixed.put(DEAD_LETTER_COPY, "true");
        }
        return new GroupSpec(names.deadLetterGroup(queue.name()), fixed, tuning(server));
    }

    /**
     * The consumer group that moves delayed messages on. Its members must notice soon that one has come or gone: until then
     * nobody reads what that one read. A server whose bounds are unknown keeps its defaults.
     */
    static GroupSpec delays(String queue, Names names, Server server) {
        return consumers(names.delayGroup(queue), server);
    }

    /** The consumer group of an ordered queue, likewise. */
    static GroupSpec ordered(String queue, Names names, Server server) {
        return consumers(names.orderedGroup(queue), server);
    }

    private static GroupSpec consumers(String name, Server server) {
        Map<String, String> tuning = new TreeMap<>();
        lower(SESSION, SESSION_MILLIS, server, tuning);
        lower("heartbeat.interval.ms", HEARTBEAT_MILLIS, server, tuning);
        lower("assignment.interval.ms", 0, server, tuning);
        return new GroupSpec(name, Map.of(), tuning);
    }

    private static void lower(String name, long wanted, Server server, Map<String, String> tuning) {
        server.number("group.consumer.min." + name).ifPresent(least -> {
            long value = Math.max(wanted, least);
            if (value < server.number("group.consumer." + name).orElse(0)) {
                tuning.put("consumer." + name, Long.toString(value));
            }
        });
    }

    /** How long a consumer group waits for a sign of life of a member. */
    static long sessionMillis(Config config) {
        ConfigEntry entry = config.get("consumer." + SESSION);
        return entry == null || entry.value() == null ? SESSION_MILLIS : Long.parseLong(entry.value());
    }

    private static long highest(Server.Range limits) {
        return limits.most() == Long.MAX_VALUE ? HIGHEST_LIMIT_BY_DEFAULT : limits.most();
    }

    private static Map<String, String> common(QueueDefinition queue, Server server) {
        long lock = queue.lockDuration().toMillis();
        Server.Range locks = server.range("record.lock.duration.ms");
        if (!locks.holds(lock)) {
            throw outside(queue, "lockDuration", LOCK, lock, locks, " ms");
        }
        Map<String, String> fixed = new TreeMap<>();
        fixed.put(LOCK, Long.toString(lock));
        fixed.put("share.auto.offset.reset", "earliest");
        // What an aborted transaction wrote was never sent.
        fixed.put("share.isolation.level", "read_committed");
        return fixed;
    }

    private static Map<String, String> tuning(Server server) {
        Map<String, String> tuning = new TreeMap<>();
        // The default of 1000 makes a member wait for the heartbeat after next, 5 s, before it is given a partition.
        long interval = Math.max(0, server.range("assignment.interval.ms").least());
        if (interval < 1000) {
            tuning.put("share.assignment.interval.ms", Long.toString(interval));
        }
        server.number("group.share.max.partition.max.record.locks")
                .ifPresent(most -> tuning.put(LOCKS, Long.toString(most)));
        return tuning;
    }

    private static ConfigException outside(
            QueueDefinition queue, String key, String setting, long value, Server.Range allowed, String unit) {
        return new ConfigException(
                key + " of queue '" + queue.name() + "' is " + value + unit + ", but this Kafka allows "
                        + allowed.least() + " to " + allowed.most() + unit + " for " + setting
                        + " (the broker's group.share.min."
                        + setting.substring("share.".length()) + " and .max)");
    }

    /** Whether somebody has set anything of ours on it, or nothing is to be set. */
    boolean existsIn(Config config) {
        return fixed.isEmpty()
                ? tunedIn(config)
                : fixed.keySet().stream().anyMatch(key -> explicit(config, key) != null);
    }

    /** Whether each of its tunings is set, to whatever value. */
    boolean tunedIn(Config config) {
        return tuning.keySet().stream().allMatch(key -> explicit(config, key) != null);
    }

    List<AlterConfigOp> creation(Config present) {
        List<AlterConfigOp> changes = new ArrayList<>();
        fixed.forEach((key, value) -> changes.add(set(key, value)));
        tuning.forEach((key, value) -> {
            if (explicit(present, key) == null) {
                changes.add(set(key, value));
            }
        });
        return changes;
    }

    private static AlterConfigOp set(String key, String value) {
        return new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
    }

    List<Difference> differences(Config config) {
        List<Difference> differences = new ArrayList<>();
        fixed.forEach((key, declared) -> {
            ConfigEntry entry = config.get(key);
            String actual =
                    entry == null || entry.value() == null || entry.value().isEmpty() ? "none" : entry.value();
            if (!declared.equals(actual)) {
                differences.add(new Difference(key + " of share group " + name, declared, actual));
            }
        });
        return differences;
    }

    private static @Nullable String explicit(Config config, String key) {
        ConfigEntry entry = config.get(key);
        return entry != null && Objects.equals(entry.source(), ConfigEntry.ConfigSource.DYNAMIC_GROUP_CONFIG)
                ? entry.value()
                : null;
    }
}
