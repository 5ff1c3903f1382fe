package dev.waybill.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Envelope;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads dead letters. The broker moves a message's key and body, and puts its own headers in place of the message's, among
 * them which record it was: so the message's headers are read from that record, as long as its topic retains it.
 */
final class DeadLetterReader implements RecordReader {
    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterReader.class);

    static final String PREFIX = "__dlq.errors.";
    private static final String TOPIC = PREFIX + "topic";
    private static final String PARTITION = PREFIX + "partition";
    private static final String OFFSET = PREFIX + "offset";
    private static final String MESSAGE = PREFIX + "message";
    private static final String COUNT = PREFIX + "delivery.count";

    private static final Duration LOOK_UP = Duration.ofSeconds(2);
    /** How often a dead letter may have gone round in its own topic; each round is as many deliveries as a group may make. */
    private static final int MOST_ROUNDS = 16;

    private final String topic;
    private final String queue;
    private final Supplier<Consumer<byte[], byte[]>> opening;
    private @Nullable Consumer<byte[], byte[]> lookup;
    private boolean closed;

    /**
     * @param topic of the dead letters
     * @param queue whose they are
     * @param opening of a consumer to look up records with
     */
    DeadLetterReader(String topic, String queue, Supplier<Consumer<byte[], byte[]>> opening) {
        this.topic = topic;
        this.queue = queue;
        this.opening = opening;
    }

    @Override
    public synchronized Records.Decoded read(ConsumerRecord<byte[], byte[]> record) {
        Headers headers = record.headers();
        int deliveriesBefore = 0;
        ConsumerRecord<byte[], byte[]> at = record;
        for (int round = 0; round < MOST_ROUNDS && movedByBroker(at.headers()); round++) {
            if (topic.equals(text(at.headers(), TOPIC))) {
                deliveriesBefore += (int) number(at.headers(), COUNT);
            }
            ConsumerRecord<byte[], byte[]> original = original(at.headers());
            if (original == null) {
                break;
            }
            headers = original.headers();
            at = original;
        }
        Records.Decoded decoded = Records.decode(record, headers);
        Envelope envelope =
                movedByBroker(record.headers()) ? withDeath(decoded.envelope(), record) : decoded.envelope();
        return new Records.Decoded(envelope, decoded.defect(), deliveriesBefore);
    }

    /** What the broker tells of the death, as core tells it of one of its own. */
    private Envelope withDeath(Envelope envelope, ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> told = new LinkedHashMap<>(envelope.headers());
        told.keySet().removeIf(name -> name.startsWith(PREFIX));
        Headers moved = record.headers();
        told.put(DeadLetterHeaders.REASON, "moved by Kafka: " + text(moved, MESSAGE));
        told.put(DeadLetterHeaders.QUEUE, queueOf(String.valueOf(text(moved, TOPIC))));
        told.put(DeadLetterHeaders.DELIVERIES, Long.toString(Math.max(0, number(moved, COUNT))));
        told.put(DeadLetterHeaders.TIME, Long.toString(record.timestamp()));
        return new Envelope(
                envelope.id(),
                envelope.key(),
                envelope.contentType(),
                envelope.sentAtMillis(),
                Collections.unmodifiableMap(told),
                envelope.body());
    }

    /** Of a lane of ours the queue, whose name has no dot. */
    private String queueOf(String place) {
        return place.startsWith(queue + ".") ? queue : place;
    }

    private static boolean movedByBroker(Headers headers) {
        return headers.lastHeader(Records.ID) == null && headers.lastHeader(OFFSET) != null;
    }

    private @Nullable ConsumerRecord<byte[], byte[]> original(Headers headers) {
        String from = text(headers, TOPIC);
        int partition = (int) number(headers, PARTITION);
        long offset = number(headers, OFFSET);
        if (closed || from == null || partition < 0 || offset < 0) {
            return null;
        }
        try {
            return fetch(new TopicPartition(from, partition), offset);
        } catch (KafkaException | IllegalStateException gone) {
            LOG.warn(
                    "the headers of dead letter {}-{}-{} cannot be read: {}", from, partition, offset, gone.toString());
            return null;
        }
    }

    private @Nullable ConsumerRecord<byte[], byte[]> fetch(TopicPartition partition, long offset) {
        Consumer<byte[], byte[]> consumer = lookup;
        if (consumer == null) {
            consumer = opening.get();
            lookup = consumer;
        }
        consumer.assign(List.of(partition));
        consumer.seek(partition, offset);
        long began = System.nanoTime();
        while (System.nanoTime() - began < LOOK_UP.toNanos()) {
            for (ConsumerRecord<byte[], byte[]> found : consumer.poll(LOOK_UP)) {
                return found.offset() == offset ? found : null;
            }
        }
        return null;
    }

    private static @Nullable String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), UTF_8);
    }

    private static long number(Headers headers, String name) {
        String text = text(headers, name);
        try {
            return text == null ? -1 : Long.parseLong(text);
        } catch (NumberFormatException foreign) {
            return -1;
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (lookup != null) {
            lookup.close(CloseOptions.timeout(Duration.ofSeconds(1)));
            lookup = null;
        }
    }
}
