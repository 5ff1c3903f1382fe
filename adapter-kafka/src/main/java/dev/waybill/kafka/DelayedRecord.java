package dev.waybill.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The header of a record that waits or has waited: for how long it is still to wait, in milliseconds. In the queue's own topic that
 * is nothing, and says that the record was written in a transaction; no application sees it.
 */
final class DelayedRecord {
    static final String WAIT = "waybill-delay";

    private DelayedRecord() {}

    /** Gives it, from when it is appended to its delay topic on. */
    static ProducerRecord<byte[], byte[]> waiting(ProducerRecord<byte[], byte[]> record, long millis) {
        record.headers().add(WAIT, Long.toString(millis).getBytes(UTF_8));
        return record;
    }

    /** What is left to wait from when it was appended; nothing for a record that does not say, and is none of ours. */
    static long millis(ConsumerRecord<byte[], byte[]> record) {
        Header wait = record.headers().lastHeader(WAIT);
        if (wait == null || wait.value() == null) {
            return 0;
        }
        try {
            return Math.max(0, Long.parseLong(new String(wait.value(), UTF_8)));
        } catch (NumberFormatException foreign) {
            return 0;
        }
    }

    /** The record as it goes on, to wait for so long again: its key, its body and its other headers as they are. */
    static ProducerRecord<byte[], byte[]> onward(ConsumerRecord<byte[], byte[]> record, String topic, long millis) {
        RecordHeaders headers = new RecordHeaders(record.headers().toArray());
        headers.remove(WAIT);
        return waiting(new ProducerRecord<>(topic, null, null, record.key(), record.value(), headers), millis);
    }

    /** Whether it has come out of a delay topic. */
    static boolean moved(ConsumerRecord<byte[], byte[]> record) {
        return record.headers().lastHeader(WAIT) != null;
    }
}
