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
 * Share consumers of one topic. With a concurrency of 1 there is one, which handles what it polls; else there are two, as Waybill
 * has, which hand what they poll to the workers and wait for them. Acknowledgements travel with the next poll.
 */
final class PlainKafkaConsumers implements Contender.Consuming {
    private static final Duration POLL = Duration.ofMillis(100);

    private final String topic;
    private final Map<String, Object> settings = new HashMap<>();
    private final Contender.Handler handler;
    private final Workers workers;
    private final List<Thread> pollers = new ArrayList<>();
    private volatile boolean closed;

    PlainKafkaConsumers(String servers, String topic, String group, int concurrency, Contender.Handler handler) {
        this.topic = topic;
        this.handler = handler;
        workers = new Workers(concurrency);
        settings.put("bootstrap.servers", servers);
        settings.put("group.id", group);
        settings.put("key.deserializer", ByteArrayDeserializer.class);
        settings.put("value.deserializer", ByteArrayDeserializer.class);
        settings.put("share.acknowledgement.mode", "explicit");
        settings.put("share.acquire.mode", "batch_optimized");
        settings.put("max.poll.records", Load.POLL_RECORDS);
        for (int i = 0; i < Math.min(2, concurrency); i++) {
            Thread poller = new Thread(() -> Attempt.at("poll " + topic, this::poll), "plain-poller-" + i);
            poller.start();
            pollers.add(poller);
        }
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
                CountDownLatch handled = new CountDownLatch(records.count());
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    workers.execute(() -> {
                        handle(record);
                        handled.countDown();
                    });
                }
                handled.await();
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    consumer.acknowledge(record, AcknowledgeType.ACCEPT);
                }
            }
            consumer.commitSync();
        }
    }

    private void handle(ConsumerRecord<byte[], byte[]> record) {
        String id = new String(record.headers().lastHeader(PlainKafka.ID).value(), UTF_8);
        String sentAt =
                new String(record.headers().lastHeader(PlainKafka.SENT_AT).value(), UTF_8);
        handler.handle(id, Long.parseLong(sentAt), record.value());
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
    }
}
