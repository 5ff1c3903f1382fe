package dev.waybill.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
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
        return new PlainKafkaConsumers(servers, queue, group(queue), concurrency, handler);
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
    public void delete(String queue) throws Exception {
        List<String> topics = admin.listTopics().names().get().stream()
                .filter(topic -> topic.endsWith(queue))
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

    private static final class RecordOutlet implements Outlet {
        private final String topic;
        private final KafkaProducer<byte[], byte[]> producer;
        private final InFlight inFlight = new InFlight(Load.IN_FLIGHT);

        RecordOutlet(String servers, String topic) {
            this.topic = topic;
            Map<String, Object> settings = new HashMap<>();
            settings.put("bootstrap.servers", servers);
            settings.put("key.serializer", ByteArraySerializer.class);
            settings.put("value.serializer", ByteArraySerializer.class);
            settings.put("acks", "all");
            settings.put("enable.idempotence", true);
            settings.put("linger.ms", 1);
            settings.put("batch.size", 128 * 1024);
            producer = new KafkaProducer<>(settings);
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
