package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Consumes on a channel of its own. The server pushes into a buffer, which the prefetch bounds, and from which core takes. The channel
 * ends once, and with it every lock that this receiver has given. When to consume, and what goes back when, its subclasses know.
 */
abstract class ChannelReceiver implements Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(ChannelReceiver.class);
    static final int MOST_PREFETCH = 65_535;

    final Channel channel;
    final String queue;
    final Executor blocking;
    final int timeoutMillis;
    final Settlements settlements;
    private final Envelopes.Reading reading;

    final ReentrantLock lock = new ReentrantLock();
    final Condition changed = lock.newCondition();
    final ArrayDeque<RabbitMqInbound> buffer = new ArrayDeque<>();
    boolean paused;
    boolean stopped;
    private volatile boolean closed;
    private volatile @Nullable BrokerException broken;
    /** The highest delivery tag, which is how many were delivered. */
    volatile long delivered;

    /**
     * @param queue its name as core knows it
     * @param reading of the messages of this queue
     * @param timeoutMillis the longest that the server may take to answer
     */
    ChannelReceiver(Line line, String queue, Envelopes.Reading reading, Executor blocking, int timeoutMillis) {
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

        private final String source;

        /** @param source the queue that it consumes */
        Pushed(String source) {
            super(channel);
            this.source = source;
        }

        @Override
        public void handleDelivery(String tag, Envelope delivery, AMQP.BasicProperties properties, byte[] body) {
            arrived(new RabbitMqInbound(
                    ChannelReceiver.this,
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
                    "the server cancelled the consumer: queue '" + source
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
        lock.lock();
        try {
            delivered = inbound.tag;
            buffer.add(inbound);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    private void ended(ShutdownSignalException signal) {
        breakWith(new BrokerException(
                Faults.of(signal).kind() == Kind.MISSING ? Kind.MISSING : Kind.UNAVAILABLE,
                Faults.describe(signal),
                signal));
    }

    void breakWith(BrokerException failure) {
        lock.lock();
        try {
            if (broken == null) {
                broken = failure;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    final boolean ended() {
        return closed || broken != null;
    }

    /** Whether what it has handed over is not ours any more. */
    boolean lost() {
        return ended();
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        long left = wait.toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                if (closed || paused || stopped) {
                    return List.of();
                }
                BrokerException failure = broken;
                if (failure != null) {
                    buffer.clear();
                    throw failure;
                }
                if (!buffer.isEmpty()) {
                    return taken(max);
                }
                if (left <= 0) {
                    return List.of();
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean ready() {
        lock.lock();
        try {
            return !buffer.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private List<Inbound> taken(int max) {
        int count = Math.min(max, buffer.size());
        List<Inbound> taken = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            taken.add(buffer.remove());
        }
        return taken;
    }

    @Override
    public void settle(List<? extends Held> batch) {
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

    /** Settles these messages, which are this receiver's. */
    abstract void write(List<? extends Held> own) throws IOException;

    /** Another receiver's tags are other messages here. */
    private List<? extends Held> own(List<? extends Held> batch) {
        for (int i = 0; i < batch.size(); i++) {
            if (!isOwn(batch.get(i))) {
                return batch.stream().filter(this::isOwn).toList();
            }
        }
        return batch;
    }

    private boolean isOwn(Held held) {
        return ((RabbitMqInbound) held.inbound()).receiver == this;
    }

    @Override
    public void extend(List<? extends Held> held) {
        throw new IllegalStateException("no lock of RabbitMQ ends by time");
    }

    final void set(Runnable state) {
        lock.lock();
        try {
            state.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        stop();
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
