package dev.waybill.kafka;

import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * The transactional producer of a pump. Belongs to one thread. After any exception but those that a method declares, what became
 * of the transaction is unknown: the mover is to be closed, and the next one of the same transactional id settles it.
 */
final class DelayMover implements AutoCloseable {
    private static final Duration CLOSE = Duration.ofSeconds(1);
    private static final byte[] NOTHING = {};

    private final Producer<byte[], byte[]> producer;
    private final TimeSource time;

    /** Settles what another mover of that transactional id has left behind. Blocks for as long. */
    DelayMover(Producer<byte[], byte[]> producer, TimeSource time) {
        this.producer = producer;
        this.time = time;
        try {
            producer.initTransactions();
        } catch (RuntimeException failure) {
            producer.close(Duration.ZERO);
            throw failure;
        }
    }

    /**
     * Writes the records, and in the same transaction that the group has read so far.
     *
     * @return false if the group refuses the positions, since its assignment has just changed: nothing was written then, and
     *     the same may be tried again with what is still assigned
     */
    @SuppressWarnings("FutureReturnValueIgnored") // what fails makes the commit fail
    boolean move(
            List<ProducerRecord<byte[], byte[]>> records,
            Map<TopicPartition, OffsetAndMetadata> read,
            ConsumerGroupMetadata group) {
        producer.beginTransaction();
        records.forEach(producer::send);
        try {
            producer.sendOffsetsToTransaction(read, group);
        } catch (CommitFailedException refused) {
            producer.abortTransaction();
            return false;
        }
        producer.commitTransaction();
        return true;
    }

    /**
     * Writes to each partition of these topics, in a transaction that comes to nothing. A broker that dies in the middle of a
     * transaction may forget it (seen with 4.4.0), and the partitions then hold it open, and hold up their readers, until a
     * transaction of the same producer id ends there.
     */
    boolean sweep(Collection<String> topics) {
        producer.beginTransaction();
        List<Future<RecordMetadata>> written = new ArrayList<>();
        for (String topic : topics) {
            for (PartitionInfo partition : producer.partitionsFor(topic)) {
                written.add(producer.send(new ProducerRecord<>(topic, partition.partition(), null, NOTHING)));
            }
        }
        producer.flush();
        written.forEach(DelayMover::check);
        producer.abortTransaction();
        return true;
    }

    private static void check(Future<RecordMetadata> written) {
        try {
            written.get();
        } catch (ExecutionException failed) {
            throw known(failed.getCause());
        } catch (InterruptedException stop) {
            throw new InterruptException(stop);
        }
    }

    private static KafkaException known(@Nullable Throwable failed) {
        return failed instanceof KafkaException known ? known : new KafkaException(failed);
    }

    /**
     * The same for what the group has read.
     *
     * @param any partition that the group reads
     * @return false if the group refuses it, as {@link #move}
     */
    boolean sweep(TopicPartition any, ConsumerGroupMetadata group) {
        producer.beginTransaction();
        boolean taken = true;
        try {
            producer.sendOffsetsToTransaction(Map.of(any, new OffsetAndMetadata(0)), group);
        } catch (CommitFailedException refused) {
            taken = false;
        }
        producer.abortTransaction();
        return taken;
    }

    /** Asks the leaders of the partitions for their time: has each stamp a record, in a transaction that comes to nothing. */
    boolean measure(Map<TopicPartition, LogClock> clocks) {
        Collection<Stamp> stamps = new ArrayList<>();
        producer.beginTransaction();
        clocks.forEach((partition, clock) -> {
            Stamp stamp = new Stamp(clock);
            stamps.add(stamp);
            stamp.ask(partition);
        });
        producer.flush();
        producer.abortTransaction();
        stamps.forEach(Stamp::use);
        return true;
    }

    @Override
    public void close() {
        producer.close(CLOSE);
    }

    private final class Stamp implements Callback {
        private final LogClock clock;
        private volatile long timestamp;
        private volatile long nanos;
        private volatile @Nullable Exception failure;

        Stamp(LogClock clock) {
            this.clock = clock;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // the callback tells the same
        void ask(TopicPartition partition) {
            producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), null, NOTHING), this);
        }

        @Override
        public void onCompletion(RecordMetadata metadata, @Nullable Exception failure) {
            nanos = time.nanos();
            timestamp = metadata.timestamp();
            this.failure = failure;
        }

        void use() {
            Exception failed = failure;
            if (failed != null) {
                throw known(failed);
            }
            clock.measured(timestamp, nanos);
        }
    }
}
