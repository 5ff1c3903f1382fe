package dev.waybill.kafka;

import dev.waybill.ConfigException;
import dev.waybill.spi.BrokerContext;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** The configuration, checked, and what the Kafka clients make of it. Immutable but for the numbering of clients. */
final class KafkaSettings {
    static final String PARTITIONS = "partitions";
    static final String REPLICATION_FACTOR = "replication-factor";
    static final String RETENTION = "retention";
    static final String MAX_MESSAGE_BYTES = "max-message-bytes";
    static final String SHARE_CONSUMERS = "share-consumers";
    static final Set<String> KEYS =
            Set.of(PARTITIONS, REPLICATION_FACTOR, RETENTION, MAX_MESSAGE_BYTES, SHARE_CONSUMERS);

    /** What the client's batch and record framing add to a message, generously. */
    static final int FRAMING_BYTES = 1024;

    private static final int DEFAULT_SHARE_CONSUMERS = 32;
    private static final String UNLIMITED = "unlimited";
    private static final int LINGER_MILLIS = 1;
    private static final int BATCH_BYTES = 128 * 1024;
    private static final int TRANSACTION_MILLIS = 10_000;
    private static final int DELAY_FETCH_MILLIS = 250;

    private final Address address;
    private final NativeSettings natives;
    private final Map<String, Object> common = new HashMap<>();
    private final BrokerContext context;
    private final AtomicInteger clients = new AtomicInteger();

    private final OptionalInt partitions;
    private final OptionalInt replicationFactor;
    private final OptionalLong retentionMillis;
    private final OptionalInt maxMessageBytes;
    private final int shareConsumers;

    KafkaSettings(BrokerContext context) {
        this.context = context;
        address = Address.parse(context.uri().orElse(Address.DEFAULT));
        natives = new NativeSettings(context.nativeSettings());
        partitions = number(PARTITIONS, 1, 10_000);
        replicationFactor = number(REPLICATION_FACTOR, 1, Short.MAX_VALUE);
        maxMessageBytes = number(MAX_MESSAGE_BYTES, 1024, 1024 * 1024 * 1024);
        shareConsumers = number(SHARE_CONSUMERS, 2, 200).orElse(DEFAULT_SHARE_CONSUMERS);
        retentionMillis = retention();
        common.put("bootstrap.servers", address.bootstrap());
        common.putAll(Security.settings(context, address.tls(), natives));
    }

    String bootstrap() {
        return address.bootstrap();
    }

    NativeSettings natives() {
        return natives;
    }

    /** How many partitions a topic is created with and must have; empty: created with one, and any number will do. */
    OptionalInt partitions() {
        return partitions;
    }

    /** Empty: the broker's own default, and any will do. */
    OptionalInt replicationFactor() {
        return replicationFactor;
    }

    /** {@code retention.ms} of a queue's topic; empty: created with {@link TopicSpec#DEFAULT_RETENTION}, and any will do. */
    OptionalLong retentionMillis() {
        return retentionMillis;
    }

    /** The largest message; empty: what the broker takes. */
    OptionalInt maxMessageBytes() {
        return maxMessageBytes;
    }

    /** How many share consumers one receiver may have at most. */
    int shareConsumers() {
        return shareConsumers;
    }

    Duration connectTimeout() {
        return context.connectTimeout();
    }

    Duration sendTimeout() {
        return context.sendTimeout();
    }

    Map<String, Object> admin() {
        Map<String, Object> settings = client("admin", AdminClientConfig.configNames());
        int timeout = millis(connectTimeout());
        settings.putIfAbsent("default.api.timeout.ms", timeout);
        settings.putIfAbsent("request.timeout.ms", timeout);
        return settings;
    }

    Map<String, Object> producer(int largestRequest) {
        return producer(millis(sendTimeout()), largestRequest);
    }

    /**
     * A producer that moves what was delayed. What it has written and not committed holds up whoever reads the queue, so a
     * transaction that its process has left behind ends soon.
     */
    Map<String, Object> mover(String transactionalId) {
        // What is in a delay topic was not too large for whoever sent it.
        Map<String, Object> settings = producer(TRANSACTION_MILLIS, Integer.MAX_VALUE);
        settings.put("transactional.id", transactionalId);
        settings.putIfAbsent("transaction.timeout.ms", TRANSACTION_MILLIS);
        return settings;
    }

    private Map<String, Object> producer(int timeout, int largestRequest) {
        Map<String, Object> settings = client("producer", ProducerConfig.configNames());
        settings.put("key.serializer", ByteArraySerializer.class);
        settings.put("value.serializer", ByteArraySerializer.class);
        settings.put("acks", "all");
        settings.put("enable.idempotence", true);
        settings.putIfAbsent("linger.ms", LINGER_MILLIS);
        settings.putIfAbsent("batch.size", BATCH_BYTES);
        settings.put("delivery.timeout.ms", timeout);
        settings.put("max.block.ms", timeout);
        int linger = integer(settings.get("linger.ms"));
        settings.putIfAbsent("request.timeout.ms", Math.max(1, Math.min(30_000, timeout - linger)));
        settings.put("max.request.size", largestRequest);
        return settings;
    }

    Map<String, Object> shareConsumer(String group, int maxPollRecords, String acquireMode) {
        Map<String, Object> settings = bytesConsumer();
        settings.put("group.id", group);
        settings.put("share.acknowledgement.mode", "explicit");
        settings.put("max.poll.records", maxPollRecords);
        // A handler may hold its messages for as long as it renews their locks, which is not polling.
        settings.put("max.poll.interval.ms", Integer.MAX_VALUE);
        settings.putIfAbsent("connections.max.idle.ms", Integer.MAX_VALUE);
        settings.putIfAbsent("share.acquire.mode", acquireMode);
        settings.putIfAbsent("reconnect.backoff.max.ms", 1000);
        return settings;
    }

    /** A consumer that reads single records by offset and belongs to no group. */
    Map<String, Object> lookup() {
        Map<String, Object> settings = bytesConsumer();
        settings.remove("share.acquire.mode");
        settings.put("enable.auto.commit", false);
        settings.put("allow.auto.create.topics", false);
        settings.put("auto.offset.reset", "none");
        settings.put("max.poll.records", 1);
        return settings;
    }

    /** A consumer that reads a part of a log, and is in no group. */
    Map<String, Object> browser() {
        Map<String, Object> settings = lookup();
        settings.put("isolation.level", "read_committed");
        // What was deleted meanwhile is passed over.
        settings.put("auto.offset.reset", "earliest");
        settings.remove("max.poll.records");
        return settings;
    }

    /** A consumer of delay topics. */
    Map<String, Object> delayConsumer(String group) {
        Map<String, Object> settings = groupConsumer(group);
        settings.put("max.poll.records", DelayPartition.FULL);
        // A partition that is read on again waits for the fetch that is under way for the others.
        settings.put("fetch.min.bytes", 1);
        settings.put("fetch.max.wait.ms", DELAY_FETCH_MILLIS);
        return settings;
    }

    /** A member of a group that hands a partition to one member at a time. */
    Map<String, Object> groupConsumer(String group) {
        Map<String, Object> settings = bytesConsumer();
        settings.remove("share.acquire.mode");
        settings.put("group.id", group);
        settings.put("group.protocol", "consumer");
        settings.put("isolation.level", "read_committed");
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", false);
        settings.put("allow.auto.create.topics", false);
        settings.putIfAbsent("reconnect.backoff.max.ms", 1000);
        return settings;
    }

    private Map<String, Object> bytesConsumer() {
        Map<String, Object> settings = client("consumer", ConsumerConfig.configNames());
        settings.put("key.deserializer", ByteArrayDeserializer.class);
        settings.put("value.deserializer", ByteArrayDeserializer.class);
        return settings;
    }

    private Map<String, Object> client(String kind, Set<String> known) {
        Map<String, Object> settings = new HashMap<>(natives.forClient(known));
        settings.putAll(common);
        settings.put("client.id", context.clientName() + "-" + kind + "-" + clients.incrementAndGet());
        return settings;
    }

    private OptionalInt number(String key, int least, int most) {
        Optional<String> text = context.setting(key);
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            int number = Integer.parseInt(text.get().strip());
            if (number >= least && number <= most) {
                return OptionalInt.of(number);
            }
        } catch (NumberFormatException notANumber) {
            throw wrong(key, text.get(), "a number, " + least + " to " + most, notANumber);
        }
        throw wrong(key, text.get(), "a number, " + least + " to " + most, null);
    }

    private OptionalLong retention() {
        Optional<String> text = context.setting(RETENTION);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        String allowed = UNLIMITED + ", or an ISO-8601 duration of at least one second such as P14D or PT12H";
        if (text.get().strip().equalsIgnoreCase(UNLIMITED)) {
            return OptionalLong.of(-1);
        }
        try {
            Duration retention = Duration.parse(text.get().strip());
            if (retention.compareTo(Duration.ofSeconds(1)) >= 0) {
                return OptionalLong.of(retention.toMillis());
            }
        } catch (DateTimeParseException | ArithmeticException unreadable) {
            throw wrong(RETENTION, text.get(), allowed, unreadable);
        }
        throw wrong(RETENTION, text.get(), allowed, null);
    }

    private static ConfigException wrong(String key, String value, String allowed, @Nullable Throwable cause) {
        return new ConfigException("waybill.kafka." + key + " is '" + value + "' but must be " + allowed, cause);
    }

    private static int integer(Object setting) {
        try {
            return Integer.parseInt(setting.toString());
        } catch (NumberFormatException notANumber) {
            throw new ConfigException("waybill.kafka.native.linger.ms must be a number of milliseconds", notANumber);
        }
    }

    private static int millis(Duration duration) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, duration.toMillis()));
    }
}
