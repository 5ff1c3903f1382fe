package dev.waybill.kafka;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.Sender;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;

/**
 * Sends to one topic, and what is to wait to the delay topics of its queue, by a producer of its own, so that a partition without a leader fills nobody else's buffer. The producer
 * keeps the order, batches, tries again within the send timeout, and reconnects.
 */
final class KafkaSender implements Sender {
    private static final Duration LONGEST_CLOSE = Duration.ofSeconds(5);

    private final KafkaProducer<byte[], byte[]> producer;
    private final TopicCheck topic;
    private final @Nullable DelayRoute delays;
    private final boolean ofDeadLetters;
    private final Duration closeWithin;
    private final Runnable onClose;
    private volatile boolean closed;
    private volatile boolean broken;

    /**
     * @param delays where what is to wait is sent, or null if nothing can wait
     * @param ofDeadLetters whether the topic takes the dead letters of a queue
     */
    KafkaSender(
            KafkaProducer<byte[], byte[]> producer,
            TopicCheck topic,
            @Nullable DelayRoute delays,
            boolean ofDeadLetters,
            Duration sendTimeout,
            Runnable onClose) {
        this.producer = producer;
        this.topic = topic;
        this.delays = delays;
        this.ofDeadLetters = ofDeadLetters;
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
            refuse(batch, 0, reason(unreachable), String.valueOf(unreachable.getMessage()), unreachable);
            return;
        }
        for (int i = 0; i < batch.size(); i++) {
            SendFailures failure;
            try {
                failure = handOver(batch.get(i));
            } catch (BrokerException unreachable) {
                refuse(batch, i, reason(unreachable), String.valueOf(unreachable.getMessage()), unreachable);
                return;
            }
            if (failure != null && failure.meetsAll()) {
                refuse(batch, i + 1, failure.reason(), "not tried: the one before it failed so", null);
                return;
            }
        }
    }

    private static Reason reason(BrokerException unreachable) {
        return unreachable.kind().transientFault() ? Reason.CONNECTION_LOST : Reason.REJECTED;
    }

    /** @return what has met the message already, if that may meet others, or null */
    private @Nullable SendFailures handOver(Outbound message) {
        long delay = message.delayMillis();
        if (delay <= 0) {
            return handOver(
                    Records.encode(topic.name(), message.envelope()),
                    new Report(message, topic::doubt, Thread.currentThread()));
        }
        DelayRoute route = delays;
        if (route == null) {
            message.failed(Reason.REJECTED, false, "nothing waits in '" + topic.name() + "'", null);
            return null;
        }
        Optional<String> waiting = route.topic(delay);
        if (waiting.isEmpty()) {
            String detail = "topic '" + route.name(delay) + "', in which the message is to wait, does not exist";
            message.failed(Reason.UNROUTABLE, false, detail, null);
            return null;
        }
        return handOver(
                DelayedRecord.waiting(Records.encode(waiting.get(), message.envelope()), delay),
                new Report(message, () -> route.doubt(waiting.get()), Thread.currentThread()));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback tells the same, without a thread that waits
    private @Nullable SendFailures handOver(ProducerRecord<byte[], byte[]> record, Report report) {
        try {
            producer.send(record, report);
        } catch (RuntimeException refused) {
            // Not by the callback, so by nobody else: interrupted, closed, or in a state of error.
            report.onCompletion(null, refused);
        }
        return report.refused;
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
        private final Runnable doubt;
        private final Thread sending;
        /** Set by the sending thread alone, and only while it sends. */
        private @Nullable SendFailures refused;

        Report(Outbound message, Runnable doubt, Thread sending) {
            this.message = message;
            this.doubt = doubt;
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
            if (ofDeadLetters && !neverLeft && meaning.reason() == Reason.TOO_LARGE) {
                // The topic takes less than declared: the broker must not move it, which loses what does not fit.
                meaning = new SendFailures(Reason.REJECTED, false);
            }
            if (neverLeft) {
                refused = meaning;
            }
            if (failure instanceof TimeoutException || failure instanceof UnknownTopicOrPartitionException) {
                doubt.run();
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
