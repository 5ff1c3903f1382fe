package dev.waybill.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A consumer group with a consumer and a thread for each partition, which commits what it has handled of a poll before the next. */
final class PlainKafkaConvoys implements PlainConvoys {
    /** As many as Waybill has handlers; Waybill itself needs one. */
    private static final int PARTITIONS = 16;

    private static final Duration POLL = Duration.ofMillis(100);

    private final String servers;
    private volatile boolean done;

    PlainKafkaConvoys(String uri) {
        servers = uri.replaceFirst("^kafka://", "");
    }

    @Override
    public void run(ConvoyTrial trial) throws Exception {
        String topic = "bench-" + UUID.randomUUID();
        done = false;
        ExecutorService consumers = Executors.newFixedThreadPool(PARTITIONS);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty())))
                    .all()
                    .get();
            send(topic, trial);
            List<Future<?>> ends = new ArrayList<>();
            for (int i = 0; i < PARTITIONS; i++) {
                ends.add(consumers.submit(() -> consume(topic, trial)));
            }
            trial.awaitAll();
            done = true;
            for (Future<?> end : ends) {
                end.get(1, TimeUnit.MINUTES);
            }
            admin.deleteTopics(List.of(topic)).all().get();
        } finally {
            done = true;
            consumers.shutdown();
        }
    }

    private void send(String topic, ConvoyTrial trial) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = PlainKafka.producer(servers)) {
            List<Future<?>> sends = new ArrayList<>(trial.messages());
            for (int i = 0; i < trial.messages(); i++) {
                sends.add(
                        producer.send(new ProducerRecord<>(topic, trial.key(i).getBytes(UTF_8), ConvoyTrial.body(i))));
            }
            for (Future<?> sent : sends) {
                sent.get();
            }
        }
    }

    private Void consume(String topic, ConvoyTrial trial) throws InterruptedException {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers",
                servers,
                "group.id",
                topic,
                "group.protocol",
                "consumer",
                "key.deserializer",
                ByteArrayDeserializer.class,
                "value.deserializer",
                ByteArrayDeserializer.class,
                "auto.offset.reset",
                "earliest",
                "enable.auto.commit",
                false,
                "max.poll.records",
                Load.CONVOY_PREFETCH);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.subscribe(List.of(topic));
            while (!done) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    trial.handle(record.value());
                }
                consumer.commitAsync();
            }
        }
        return null;
    }
}
