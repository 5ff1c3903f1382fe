package dev.waybill.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.waybill.Waybill;
import dev.waybill.tck.OtherSoftware;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A plain producer. */
record KafkaOtherSoftware(String servers) implements OtherSoftware {
    @Override
    public void send(Waybill waybill, String queue, Map<String, String> headers, byte[] body) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(queue, body);
        headers.forEach((name, value) -> record.headers().add(name, value.getBytes(UTF_8)));
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.send(record).get(10, TimeUnit.SECONDS);
        } catch (Exception failed) {
            throw new AssertionError("the broker did not take the message", failed);
        }
    }

    @Override
    public List<Map<String, String>> forgeries() {
        return List.of(
                Map.of("waybill-id", ""),
                Map.of("waybill-id", "x".repeat(2000)),
                Map.of("waybill-sent-at", "soon"),
                Map.of("waybill-sent-at", ""),
                Map.of("waybill-sent-at", "-1"),
                Map.of("waybill-sent-at", "99999999999999999999"));
    }
}
