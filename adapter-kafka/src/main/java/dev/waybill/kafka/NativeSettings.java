package dev.waybill.kafka;

import dev.waybill.ConfigException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** {@code waybill.kafka.native.*}: passed to each client that knows the setting, refused if none does or if it is ours. */
final class NativeSettings {
    private static final String PREFIX = "waybill.kafka.native.";

    /** What the adapter's promises rest on, with where to say it instead. */
    private static final Map<String, String> OURS = Map.ofEntries(
            Map.entry("bootstrap.servers", "set waybill.uri"),
            Map.entry("client.id", "set waybill.client-name"),
            Map.entry("security.protocol", "it follows from waybill.uri (kafka:// or kafkas://) and waybill.username"),
            Map.entry("acks", "a send is durable: acks=all"),
            Map.entry("enable.idempotence", "the order of sends rests on it"),
            Map.entry("transactional.id", "sends are not transactional"),
            Map.entry("delivery.timeout.ms", "set waybill.producer.send-timeout"),
            Map.entry("max.block.ms", "set waybill.producer.send-timeout"),
            Map.entry("max.request.size", "set waybill.kafka.max-message-bytes"),
            Map.entry("retries", "set waybill.producer.send-timeout"),
            Map.entry("key.serializer", "messages are bytes"),
            Map.entry("value.serializer", "messages are bytes"),
            Map.entry("key.deserializer", "messages are bytes"),
            Map.entry("value.deserializer", "messages are bytes"),
            Map.entry("group.id", "it follows from the queue's name"),
            Map.entry("share.acknowledgement.mode", "settlements are explicit"),
            Map.entry("max.poll.records", "it follows from waybill.consumer.prefetch"),
            Map.entry("max.poll.interval.ms", "locks bound how long a handler may take"));

    /** What a share consumer does not take. */
    private static final Set<String> NOT_FOR_SHARE_GROUPS = Set.of(
            "allow.auto.create.topics",
            "auto.commit.interval.ms",
            "auto.offset.reset",
            "enable.auto.commit",
            "group.instance.id",
            "group.protocol",
            "group.remote.assignor",
            "heartbeat.interval.ms",
            "interceptor.classes",
            "isolation.level",
            "partition.assignment.strategy",
            "session.timeout.ms");

    private final Map<String, String> values;

    NativeSettings(Map<String, String> values) {
        values.keySet().forEach(NativeSettings::check);
        this.values = Map.copyOf(values);
    }

    private static void check(String name) {
        String why = OURS.get(name);
        if (why != null) {
            throw new ConfigException(PREFIX + name + " cannot be set: " + why);
        }
        if (NOT_FOR_SHARE_GROUPS.contains(name)) {
            throw new ConfigException(PREFIX + name + " cannot be set: share groups do not have it");
        }
        if (!ProducerConfig.configNames().contains(name)
                && !ConsumerConfig.configNames().contains(name)
                && !AdminClientConfig.configNames().contains(name)) {
            throw new ConfigException(
                    PREFIX + name
                            + " is not a setting of Kafka's producer, consumer or admin client; see https://kafka.apache.org/documentation");
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String get(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    Map<String, String> forClient(Set<String> known) {
        Map<String, String> mine = new HashMap<>(values);
        mine.keySet().retainAll(known);
        return mine;
    }

    /** The names alone: a value may be a secret. */
    @Override
    public String toString() {
        return "NativeSettings" + new TreeSet<>(values.keySet());
    }
}
