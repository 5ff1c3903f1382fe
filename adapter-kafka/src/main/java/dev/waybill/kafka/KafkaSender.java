package dev.waybill.kafka;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.Sender;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;

/**
 * Sends to one topic by a producer of its own, so that a partition without a leader fills nobody else's buffer. The producer
 * keeps the order, batches, tries again within the send timeout, and reconnects.
 */
final class KafkaSender implements Sender {
    private static final Duration LONGEST_CLOSE = Duration.ofSeconds(5);

    private final KafkaProducer<byte[], byte[]> producer;
    private final TopicCheck topic;
    private final Duration closeWithin;
    private final Runnable onClose;
    private volatile boolean closed;
    private volatile boolean broken;

    KafkaSender(KafkaProducer<byte[], byte[]> producer, TopicCheck topic, Duration sendTimeout, Runnable onClose) {
        this.producer = producer;
        this.topic = topic;
        this.closeWithin = sendTimeout.compareTo(LONGEST_CLOSE) < 0 ? sendTimeout : LONGEST_CLOSE;
        this.onClose = onClose;
    }

    String topic() {
        return topic.name();
    }

    KafkaProducer<byte[], byte[]> producer() {
        return producer;
    }

    @Override
    public void send(List<? extends Outbound> batch) {
        if (closed) {
            refuse(batch, 0, Reason.CLOSED, "the sender is closed", null);
            return;
        }
        try {
            // A producer's question about a topic that is not there may create it.
            if (!topic.exists()) {
                refuse(batch, 0, Reason.UNROUTABLE, "topic '" + topic.name() + "' does not exist", null);
                return;
            }
        } catch (BrokerException unreachable) {
            Reason reason = unreachable.kind().transientFault() ? Reason.CONNECTION_LOST : Reason.REJECTED;
            refuse(batch, 0, reason, String.valueOf(unreachable.getMessage()), unreachable);
            return;
        }
        for (int i = 0; i < batch.size(); i++) {
            Report report = new Report(batch.get(i), Thread.currentThread());
            try {
                handOver(report);
            } catch (RuntimeException refused) {
                // Not by the callback, so by nobody else: interrupted, closed, or in a state of error.
                report.onCompletion(null, refused);
            }
            SendFailures failure = report.refused;
            if (failure != null && failure.meetsAll()) {
                refuse(batch, i + 1, failure.reason(), "not tried: the one before it failed so", null);
                return;
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback tells the same, without a thread that waits
    private void handOver(Report report) {
        producer.send(Records.encode(topic.name(), report.message.envelope()), report);
    }

    private static void refuse(
            List<? extends Outbound> batch, int from, Reason reason, String detail, @Nullable Throwable cause) {
        for (int i = from; i < batch.size(); i++) {
            batch.get(i).failed(reason, false, detail, cause);
        }
    }

    @Override
    public boolean usable() {
        return !broken && !closed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            try {
                // Gives what is under way this long, then fails the rest by its callbacks.
                producer.close(closeWithin);
            } finally {
                onClose.run();
            }
        }
    }

    private final class Report implements Callback {
        private final Outbound message;
        private final Thread sending;
        /** Set by the sending thread alone, and only while it sends. */
        private @Nullable SendFailures refused;

        Report(Outbound message, Thread sending) {
            this.message = message;
            this.sending = sending;
        }

        @Override
        public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception failure) {
            if (failure == null) {
                message.stored();
                return;
            }
            // The producer's own thread reports what was sent; the sending thread is called back for what was not.
            boolean neverLeft = Thread.currentThread() == sending;
            SendFailures meaning = SendFailures.of(failure, neverLeft);
            if (neverLeft) {
                refused = meaning;
            }
            if (failure instanceof TimeoutException || failure instanceof UnknownTopicOrPartitionException) {
                topic.doubt();
            }
            if (failure instanceof ProducerFencedException
                    || failure instanceof OutOfOrderSequenceException
                    || failure instanceof UnsupportedVersionException
                    || failure instanceof AuthenticationException) {
                broken = true;
            }
            message.failed(meaning.reason(), meaning.maybeStored(), Failures.text(failure), failure);
        }
    }
}
