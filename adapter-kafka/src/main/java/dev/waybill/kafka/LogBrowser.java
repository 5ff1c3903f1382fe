package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Browser;
import dev.waybill.spi.Envelope;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Reads what a share group has not done with from the log itself, which locks nothing and counts no delivery. To look by receiving
 * would do both, and not come to the end where there is much: a share consumer is given no more while it holds something, yet may
 * have fetched more.
 */
final class LogBrowser implements Browser {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration CLOSE = Duration.ofSeconds(1);

    private final Consumer<byte[], byte[]> consumer;
    private final RecordReader reader;
    private final Duration patience;
    private final String doing;
    /** Where what is to be read of each partition ends; without those that are read. */
    private final Map<TopicPartition, Long> ends = new HashMap<>();

    private final ArrayDeque<Envelope> read = new ArrayDeque<>();

    /** @param patience for the broker to answer */
    LogBrowser(
            Consumer<byte[], byte[]> consumer,
            Map<TopicPartition, Backlog.Part> parts,
            RecordReader reader,
            Duration patience,
            String doing) {
        this.consumer = consumer;
        this.reader = reader;
        this.patience = patience;
        this.doing = doing;
        parts.forEach((partition, part) -> {
            if (part.open() > 0) {
                ends.put(partition, part.end());
            }
        });
        consumer.assign(ends.keySet());
        parts.forEach((partition, part) -> {
            if (part.open() > 0) {
                consumer.seek(partition, part.start());
            }
        });
    }

    @Override
    public List<Envelope> next(int max) throws InterruptedException {
        try {
            long began = System.nanoTime();
            while (read.isEmpty() && !ends.isEmpty()) {
                if (!poll() && System.nanoTime() - began > patience.toNanos()) {
                    throw new BrokerException(
                            BrokerException.Kind.UNAVAILABLE,
                            doing + ": nothing came within " + patience.toMillis() + " ms",
                            null);
                }
            }
        } catch (InterruptException interrupted) {
            // The client has set the thread's flag again.
            Thread.interrupted();
            throw new InterruptedException(interrupted.getMessage());
        } catch (KafkaException failure) {
            throw Failures.broker(doing, failure);
        }
        List<Envelope> next = new ArrayList<>(Math.min(max, read.size()));
        while (next.size() < max && !read.isEmpty()) {
            next.add(read.remove());
        }
        return next;
    }

    /** Whether it came further. */
    private boolean poll() {
        boolean further = false;
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            further = true;
            Long end = ends.get(new TopicPartition(record.topic(), record.partition()));
            if (end != null && record.offset() < end) {
                read.add(reader.read(record).envelope());
            }
        }
        // Not by the last record: behind it may be what is none.
        if (ends.entrySet().removeIf(part -> consumer.position(part.getKey()) >= part.getValue())) {
            further = true;
            consumer.assign(ends.keySet());
        }
        return further;
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(CLOSE));
        reader.close();
    }
}
