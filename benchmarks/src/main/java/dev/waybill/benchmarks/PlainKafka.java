package dev.waybill.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's Java client, tuned: an idempotent producer with {@code acks=all} that batches, and share consumers that acknowledge
 * explicitly.
 */
final class PlainKafka implements PlainContender {
    static final String ID = "waybill-id";
    static final String SENT_AT = "waybill-sent-at";
    private static final String CONTENT_TYPE = "waybill-content-type";
    private static final byte[] CONTENT_TYPE_VALUE = Body.CONTENT_TYPE.getBytes(UTF_8);

    /** As many as Waybill has. */
    private static final int MOST_CONSUMERS = 2;

    private final String servers;
    private final Admin admin;

    PlainKafka(String uri) {
        servers = uri.replaceFirst("^kafka://", "");
        admin = Admin.create(Map.of("bootstrap.servers", servers));
    }

    @Override
    public Outlet outlet(String queue) {
        return new RecordOutlet(servers, queue);
    }

    @Override
    public Consuming consume(String queue, int concurrency, Handler handler) {
        return consumers(queue, concurrency, PlainKafkaConsumers.handling(handler));
    }

    @Override
    public Consuming retry(String queue, int concurrency, Handler handler) {
        return consumers(queue, concurrency, PlainKafkaConsumers.failingOnce(handler));
    }

    @Override
    public Consuming deadLetters(String queue, int concurrency, Span moved) {
        UnaryOperator<Headers> dead = headers -> {
            DeathHeaders.of(queue).forEach((name, value) -> headers.add(name, value.getBytes(UTF_8)));
            return headers;
        };
        return consumers(
                queue, concurrency, new PlainKafkaMover(producer(servers), deadLetterTopic(queue), dead, moved));
    }

    @Override
    public Consuming redrive(String queue, Span moved) {
        UnaryOperator<Headers> alive = headers -> {
            RecordHeaders rest = new RecordHeaders();
            for (Header header : headers) {
                if (!DeathHeaders.says(header.key())) {
                    rest.add(header);
                }
            }
            return rest;
        };
        return new PlainKafkaConsumers(
                servers,
                deadLetterTopic(queue),
                group(deadLetterQueue(queue)),
                MOST_CONSUMERS,
                1,
                new PlainKafkaMover(producer(servers), queue, alive, moved));
    }

    private Consuming consumers(String queue, int concurrency, PlainKafkaConsumers.Step step) {
        return new PlainKafkaConsumers(
                servers, queue, group(queue), Math.min(MOST_CONSUMERS, concurrency), concurrency, step);
    }

    @Override
    public String deadLetterQueue(String queue) {
        return queue + ".dlq";
    }

    private static String deadLetterTopic(String queue) {
        return "dlq." + queue;
    }

    @Override
    public long left(String queue) throws Exception {
        return admin
                .listShareGroupOffsets(Map.of(group(queue), new ListShareGroupOffsetsSpec()))
                .partitionsToOffsetInfo(group(queue))
                .get()
                .values()
                .stream()
                .mapToLong(offset -> offset == null ? 1 : offset.lag().orElse(0L))
                .sum();
    }

    @Override
    public String lane(String queue, int level) {
        return queue + ".p" + level;
    }

    @Override
    public void delete(List<String> queues) throws Exception {
        List<String> topics = admin.listTopics().names().get().stream()
                .filter(topic -> topic.contains(queues.get(0)))
                .toList();
        admin.deleteTopics(topics).all().get();
    }

    private static String group(String queue) {
        return "waybill-" + queue;
    }

    @Override
    public void close() {
        admin.close();
    }

    static KafkaProducer<byte[], byte[]> producer(String servers) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", servers);
        settings.put("key.serializer", ByteArraySerializer.class);
        settings.put("value.serializer", ByteArraySerializer.class);
        settings.put("acks", "all");
        settings.put("enable.idempotence", true);
        settings.put("linger.ms", 1);
        settings.put("batch.size", 128 * 1024);
        return new KafkaProducer<>(settings);
    }

    private static final class RecordOutlet implements Outlet {
        private final String topic;
        private final KafkaProducer<byte[], byte[]> producer;
        private final InFlight inFlight = new InFlight(Load.IN_FLIGHT);

        RecordOutlet(String servers, String topic) {
            this.topic = topic;
            producer = producer(servers);
        }

        @Override
        public void send(byte[] body) throws InterruptedException {
            inFlight.enter();
            RecordHeaders headers = new RecordHeaders();
            headers.add(ID, Ids.next().getBytes(UTF_8));
            headers.add(CONTENT_TYPE, CONTENT_TYPE_VALUE);
            headers.add(SENT_AT, Long.toString(System.currentTimeMillis()).getBytes(UTF_8));
            Future<RecordMetadata> unused =
                    producer.send(new ProducerRecord<>(topic, null, null, null, body, headers), (stored, failure) -> {
                        if (failure == null) {
                            inFlight.confirmed(1);
                        } else {
                            inFlight.failed(failure);
                        }
                    });
        }

        @Override
        public void awaitConfirmed() {
            inFlight.awaitNone();
        }

        @Override
        public void close() {
            producer.close();
        }
    }
}
