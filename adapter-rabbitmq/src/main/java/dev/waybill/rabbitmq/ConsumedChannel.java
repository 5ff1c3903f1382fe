package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Held;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel of its own that a receiver consumes on. The server pushes into an inbox, which the prefetch bounds. The channel ends once, and
 * with it every lock that it has given. When to consume, and what goes back when, its subclasses know.
 */
abstract class ConsumedChannel {
    private static final Logger LOG = LoggerFactory.getLogger(ConsumedChannel.class);

    final Channel channel;
    final String queue;
    final Executor blocking;
    final int timeoutMillis;
    final Settlements settlements;
    private final Envelopes.Reading reading;

    final Inbox inbox;
    private volatile boolean closed;
    private volatile @Nullable BrokerException broken;
    /** The highest delivery tag, which is how many were delivered. */
    volatile long delivered;

    /**
     * @param queue what it consumes
     * @param reading of its messages
     * @param timeoutMillis the longest that the server may take to answer
     */
    ConsumedChannel(
            Line line, String queue, Envelopes.Reading reading, Inbox inbox, Executor blocking, int timeoutMillis) {
        this.inbox = inbox;
        this.queue = queue;
        this.reading = reading;
        this.blocking = blocking;
        this.timeoutMillis = timeoutMillis;
        channel = line.channel();
        settlements = new Settlements(channel);
        channel.addShutdownListener(this::ended);
    }

    /** What the server pushes, on the client's thread for this channel. */
    final class Pushed extends DefaultConsumer {
        final CompletableFuture<Boolean> ended = new CompletableFuture<>();
        /** Ours to keep: the client sets its own when it gets round to it. */
        String tag = "";

        Pushed() {
            super(channel);
        }

        @Override
        public void handleDelivery(String tag, Envelope delivery, AMQP.BasicProperties properties, byte[] body) {
            arrived(new RabbitMqInbound(
                    ConsumedChannel.this,
                    delivery.getDeliveryTag(),
                    delivery.isRedeliver(),
                    count(Envelopes.deliveryCount(properties, delivery.isRedeliver())),
                    reading.read(properties, body)));
        }

        /** Nothing of this consumer comes after this. */
        @Override
        public void handleCancelOk(String tag) {
            ended.complete(true);
        }

        @Override
        public void handleShutdownSignal(String tag, ShutdownSignalException signal) {
            ended.complete(true);
        }

        @Override
        public void handleCancel(String tag) {
            ended.complete(true);
            breakWith(new BrokerException(
                    Kind.UNAVAILABLE,
                    "the server cancelled the consumer: queue '" + queue
                            + "' was deleted, or moved, or a message was held too long",
                    null));
        }
    }

    /** The number of a delivery, as the server has counted. */
    int count(int counted) {
        return counted;
    }

    /** On the client's thread for this channel. */
    void arrived(RabbitMqInbound inbound) {
        delivered = inbound.tag;
        inbox.add(inbound);
    }

    /** Core has taken one of its messages; under the lock of the inbox. */
    void handedOver() {}

    private void ended(ShutdownSignalException signal) {
        breakWith(new BrokerException(
                Faults.of(signal).kind() == Kind.MISSING ? Kind.MISSING : Kind.UNAVAILABLE,
                Faults.describe(signal),
                signal));
    }

    final void breakWith(BrokerException failure) {
        if (broken == null) {
            broken = failure;
        }
        broke(failure);
    }

    /** It has ended, other than by {@link #close}. */
    void broke(BrokerException failure) {
        inbox.breakWith(failure);
    }

    final boolean ended() {
        return closed || broken != null;
    }

    /** Whether what it has handed over is not ours any more. */
    boolean lost() {
        return ended();
    }

    /** Settles what it has handed over, and reports what became of that. */
    void settle(List<? extends Held> batch) {
        boolean written = false;
        if (!ended()) {
            List<? extends Held> own = own(batch);
            try {
                write(own);
                written = true;
            } catch (IOException | ShutdownSignalException failed) {
                LOG.debug("settlements of queue {} were not written: {}", queue, Faults.describe(failed));
            }
        }
        for (int i = 0; i < batch.size(); i++) {
            Held held = batch.get(i);
            if (written && isOwn(held)) {
                held.settled();
            } else {
                held.lost("the channel that it was delivered on is gone");
            }
        }
    }

    /** Settles these messages, which are this channel's. */
    abstract void write(List<? extends Held> own) throws IOException;

    /** Another channel's tags are other messages here. */
    private List<? extends Held> own(List<? extends Held> batch) {
        for (int i = 0; i < batch.size(); i++) {
            if (!isOwn(batch.get(i))) {
                return batch.stream().filter(this::isOwn).toList();
            }
        }
        return batch;
    }

    private boolean isOwn(Held held) {
        return ((RabbitMqInbound) held.inbound()).channel == this;
    }

    /** Ends it when all that was written before is carried out. Idempotent. */
    void close() {
        if (closed) {
            return;
        }
        try {
            settlements.finish(timeoutMillis);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        closed = true;
        if (broken != null) {
            blocking.execute(() -> Line.abort(channel));
            return;
        }
        try {
            // Waits for the server's answer, and so for all that was written before.
            channel.close();
        } catch (IOException | TimeoutException | ShutdownSignalException gone) {
            LOG.debug("the channel of queue {} is gone already: {}", queue, Faults.describe(gone));
        }
    }
}
