package dev.waybill.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Makes a message of a record; called by one poll thread or another. Never throws because of what a record holds. */
@FunctionalInterface
interface RecordReader extends AutoCloseable {
    Records.Decoded read(ConsumerRecord<byte[], byte[]> record);

    @Override
    default void close() {}
}
