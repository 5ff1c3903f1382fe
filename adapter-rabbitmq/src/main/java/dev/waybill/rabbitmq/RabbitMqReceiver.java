package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Consumes one queue on a channel of its own. The server pushes into a buffer, which the prefetch bounds, and from which core
 * takes. The channel ends once, and with it every lock that this receiver has given.
 */
final class RabbitMqReceiver implements Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(RabbitMqReceiver.class);

    private final Channel channel;
    private final String queue;
    private final boolean releaseIsFree;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<RabbitMqInbound> buffer = new ArrayDeque<>();
    private boolean paused;
    private boolean stopped;
    private volatile boolean closed;
    private volatile @Nullable BrokerException broken;

    /** Held while the channel is asked to consume or to stop, which waits for the server. */
    private final ReentrantLock consuming = new ReentrantLock();

    private @Nullable String consumerTag;
    private int prefetch;

    /** Held while settlements are written. */
    private final ReentrantLock settling = new ReentrantLock();

    private final Unsettled unsettled = new Unsettled();

    /**
     * @param releaseIsFree whether a returned message does not count as delivered
     */
    RabbitMqReceiver(Link link, String queue, int prefetch, boolean releaseIsFree) {
        this.queue = queue;
        this.prefetch = prefetch;
        this.releaseIsFree = releaseIsFree;
        channel = link.channel();
        channel.addShutdownListener(this::ended);
        try {
            consume();
        } catch (BrokerException failed) {
            Link.abort(channel);
            throw failed;
        }
    }

    private void consume() {
        consuming.lock();
        try {
            channel.basicQos(prefetch);
            consumerTag = channel.basicConsume(queue, false, new Pushed(channel));
        } catch (IOException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        } finally {
            consuming.unlock();
        }
    }

    private void cancel() {
        consuming.lock();
        try {
            String tag = consumerTag;
            consumerTag = null;
            if (tag != null) {
                channel.basicCancel(tag);
            }
        } catch (IOException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        } finally {
            consuming.unlock();
        }
    }

    /** What the server pushes, on the client's thread for this channel. */
    private final class Pushed extends DefaultConsumer {
        Pushed(Channel channel) {
            super(channel);
        }

        @Override
        public void handleDelivery(String tag, Envelope delivery, AMQP.BasicProperties properties, byte[] body) {
            String foreignId = queue + "-" + delivery.getDeliveryTag();
            RabbitMqInbound inbound = new RabbitMqInbound(
                    RabbitMqReceiver.this,
                    delivery.getDeliveryTag(),
                    delivery.isRedeliver(),
                    Envelopes.deliveryCount(properties),
                    Envelopes.envelope(properties, body, foreignId));
            lock.lock();
            try {
                if (!paused || (!releaseIsFree && !stopped)) {
                    buffer.add(inbound);
                    changed.signal();
                    return;
                }
            } finally {
                lock.unlock();
            }
            giveBack(List.of(inbound));
        }

        @Override
        public void handleCancel(String tag) {
            breakWith(new BrokerException(
                    Kind.MISSING, "queue '" + queue + "' was deleted, or its consumer cancelled", null));
        }
    }

    private void ended(ShutdownSignalException signal) {
        breakWith(new BrokerException(
                Faults.of(signal).kind() == Kind.MISSING ? Kind.MISSING : Kind.UNAVAILABLE,
                Faults.describe(signal),
                signal));
    }

    private void breakWith(BrokerException failure) {
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

    boolean ended() {
        return closed || broken != null;
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        long left = wait.toNanos();
        lock.lockInterruptibly();
        try {
            while (buffer.isEmpty() || paused) {
                if (closed || paused) {
                    return List.of();
                }
                BrokerException failure = broken;
                if (failure != null) {
                    throw failure;
                }
                if (left <= 0) {
                    return List.of();
                }
                left = changed.awaitNanos(left);
            }
            if (broken != null) {
                buffer.clear();
                throw broken;
            }
            List<Inbound> taken = new ArrayList<>(Math.min(max, buffer.size()));
            while (taken.size() < max && !buffer.isEmpty()) {
                taken.add(buffer.poll());
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void settle(List<? extends Held> batch) {
        boolean written = false;
        if (!ended()) {
            settling.lock();
            try {
                write(batch);
                written = true;
            } catch (IOException | ShutdownSignalException failed) {
                LOG.debug("settlements of queue {} were not written: {}", queue, Faults.describe(failed));
            } finally {
                settling.unlock();
            }
        }
        for (int i = 0; i < batch.size(); i++) {
            if (written) {
                batch.get(i).settled();
            } else {
                batch.get(i).lost("the channel that it was delivered on is gone");
            }
        }
    }

    /** Failures and returns one by one, then what is done: the contiguous part by one multiple acknowledgement, the rest singly. */
    private void write(List<? extends Held> batch) throws IOException {
        for (int i = 0; i < batch.size(); i++) {
            long tag = tag(batch.get(i));
            Disposition disposition = batch.get(i).disposition();
            unsettled.settle(tag);
            if (disposition == Disposition.RETRY) {
                channel.basicReject(tag, true);
            } else if (disposition == Disposition.RELEASE) {
                channel.basicNack(tag, false, true);
            }
        }
        long lowest = unsettled.lowest();
        long multiple = 0;
        for (int i = 0; i < batch.size(); i++) {
            long tag = tag(batch.get(i));
            if (tag < lowest && batch.get(i).disposition() == Disposition.ACCEPT) {
                multiple = Math.max(multiple, tag);
            }
        }
        if (multiple > 0) {
            channel.basicAck(multiple, true);
        }
        for (int i = 0; i < batch.size(); i++) {
            long tag = tag(batch.get(i));
            if (tag >= lowest && batch.get(i).disposition() == Disposition.ACCEPT) {
                channel.basicAck(tag, false);
            }
        }
    }

    private static long tag(Held held) {
        return ((RabbitMqInbound) held.inbound()).tag;
    }

    private void giveBack(List<RabbitMqInbound> messages) {
        settling.lock();
        try {
            for (RabbitMqInbound message : messages) {
                unsettled.settle(message.tag);
                channel.basicNack(message.tag, false, true);
            }
        } catch (IOException | ShutdownSignalException failed) {
            LOG.debug(
                    "the channel of queue {} ended, which gives back what it held: {}", queue, Faults.describe(failed));
        } finally {
            settling.unlock();
        }
    }

    @Override
    public void extend(List<? extends Held> held) {
        throw new IllegalStateException("no lock of RabbitMQ ends by time");
    }

    /** A consumer's prefetch cannot change: another consumer takes its place, while what is unsettled stays so. */
    @Override
    public void prefetch(int limit) {
        consuming.lock();
        try {
            if (limit == prefetch) {
                return;
            }
            prefetch = limit;
            if (consumerTag != null && !ended()) {
                cancel();
                consume();
            }
        } catch (BrokerException failed) {
            breakWith(failed);
        } finally {
            consuming.unlock();
        }
    }

    @Override
    public void pause() {
        halt(false);
    }

    @Override
    public void stop() {
        halt(true);
    }

    private void halt(boolean forGood) {
        List<RabbitMqInbound> fetched = List.of();
        lock.lock();
        try {
            paused = true;
            stopped |= forGood;
            if (releaseIsFree || stopped) {
                fetched = new ArrayList<>(buffer);
                buffer.clear();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (ended()) {
            return;
        }
        try {
            cancel();
            giveBack(fetched);
        } catch (BrokerException failed) {
            breakWith(failed);
        }
    }

    @Override
    public void resume() {
        lock.lock();
        try {
            paused = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        consuming.lock();
        try {
            if (consumerTag == null && !ended()) {
                consume();
            }
        } catch (BrokerException failed) {
            breakWith(failed);
        } finally {
            consuming.unlock();
        }
    }

    @Override
    public void close() {
        stop();
        closed = true;
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            // Waits for the server's answer, and so for all that was written before.
            channel.close();
        } catch (IOException | TimeoutException | ShutdownSignalException gone) {
            LOG.debug("the channel of queue {} is gone already: {}", queue, Faults.describe(gone));
        }
    }
}
