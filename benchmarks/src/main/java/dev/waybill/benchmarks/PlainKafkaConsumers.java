package dev.waybill.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Share consumers of one topic, which hand what they poll to the workers and wait for them. Acknowledgements travel with the next
 * poll.
 */
final class PlainKafkaConsumers implements Contender.Consuming {
    private static final Duration POLL = Duration.ofMillis(100);

    private final String topic;
    private final Map<String, Object> settings = new HashMap<>();
    private final Step step;
    private final Workers workers;
    private final List<Thread> pollers = new ArrayList<>();
    private volatile boolean closed;

    /** What is done with a record. */
    interface Step extends AutoCloseable {
        /** Calls {@code done} when the record may be acknowledged; called by several threads. */
        void take(ConsumerRecord<byte[], byte[]> record, Runnable done);

        /** How it is acknowledged. */
        default AcknowledgeType end(ConsumerRecord<byte[], byte[]> record) {
            return AcknowledgeType.ACCEPT;
        }

        /** Ends it; nothing comes any more. */
        @Override
        default void close() {}
    }

    /** @param concurrency how many workers; with one the share consumers do it themselves */
    PlainKafkaConsumers(String servers, String topic, String group, int consumers, int concurrency, Step step) {
        this.topic = topic;
        this.step = step;
        workers = new Workers(concurrency);
        settings.put("bootstrap.servers", servers);
        settings.put("group.id", group);
        settings.put("key.deserializer", ByteArrayDeserializer.class);
        settings.put("value.deserializer", ByteArrayDeserializer.class);
        settings.put("share.acknowledgement.mode", "explicit");
        settings.put("share.acquire.mode", "batch_optimized");
        settings.put("max.poll.records", Load.POLL_RECORDS);
        for (int i = 0; i < consumers; i++) {
            Thread poller = new Thread(() -> Attempt.at("poll " + topic, this::poll), "plain-poller-" + i);
            poller.start();
            pollers.add(poller);
        }
    }

    /** Hands it to the handler. */
    static Step handling(Contender.Handler handler) {
        return (record, done) -> {
            handle(record, handler);
            done.run();
        };
    }

    /** Releases it the first time. */
    static Step failingOnce(Contender.Handler handler) {
        return new Step() {
            @Override
            public void take(ConsumerRecord<byte[], byte[]> record, Runnable done) {
                if (!first(record)) {
                    handle(record, handler);
                }
                done.run();
            }

            @Override
            public AcknowledgeType end(ConsumerRecord<byte[], byte[]> record) {
                return first(record) ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT;
            }

            private boolean first(ConsumerRecord<byte[], byte[]> record) {
                return record.deliveryCount().orElseThrow() == 1;
            }
        };
    }

    private static void handle(ConsumerRecord<byte[], byte[]> record, Contender.Handler handler) {
        String id = new String(record.headers().lastHeader(PlainKafka.ID).value(), UTF_8);
        String sentAt =
                new String(record.headers().lastHeader(PlainKafka.SENT_AT).value(), UTF_8);
        handler.handle(id, Long.parseLong(sentAt), record.value());
    }

    private void poll() throws InterruptedException {
        try (ShareConsumer<byte[], byte[]> consumer = new KafkaShareConsumer<>(settings)) {
            consumer.setAcknowledgementCommitCallback((offsets, failure) -> {
                if (failure != null) {
                    throw new BenchmarkException("not acknowledged", failure);
                }
            });
            consumer.subscribe(List.of(topic));
            while (!closed) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
                CountDownLatch done = new CountDownLatch(records.count());
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    workers.execute(() -> step.take(record, done::countDown));
                }
                done.await();
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    consumer.acknowledge(record, step.end(record));
                }
            }
            consumer.commitSync();
        }
    }

    @Override
    public void close() {
        closed = true;
        Attempt.at("end the pollers", () -> {
            for (Thread poller : pollers) {
                poller.join();
            }
        });
        workers.close();
        step.close();
    }
}
