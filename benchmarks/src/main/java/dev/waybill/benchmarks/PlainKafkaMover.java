package dev.waybill.benchmarks;

import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Headers;

/** Produces each record to another topic, and has it acknowledged once all replicas have that; a poll bounds what is on its way. */
final class PlainKafkaMover implements PlainKafkaConsumers.Step {
    private final KafkaProducer<byte[], byte[]> producer;
    private final String to;
    private final UnaryOperator<Headers> headers;
    private final Span moved;

    PlainKafkaMover(KafkaProducer<byte[], byte[]> producer, String to, UnaryOperator<Headers> headers, Span moved) {
        this.producer = producer;
        this.to = to;
        this.headers = headers;
        this.moved = moved;
    }

    @Override
    public void take(ConsumerRecord<byte[], byte[]> record, Runnable done) {
        ProducerRecord<byte[], byte[]> copy =
                new ProducerRecord<>(to, null, null, record.key(), record.value(), headers.apply(record.headers()));
        Future<RecordMetadata> unused = producer.send(copy, (stored, failure) -> {
            if (failure == null) {
                moved.done();
                done.run();
            } else {
                moved.fail(failure);
            }
        });
    }

    @Override
    public void close() {
        producer.close();
    }
}
