package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.RetryPolicy;
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
import java.util.concurrent.TimeUnit;
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
    private static final int MOST_PREFETCH = 65_535;

    /** How long nothing has come before a consumer ends whose end may cost a delivery. */
    private static final long LULL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** The longest wait for that, since until then a paused consumer takes what others could have. */
    private static final long LULL_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Channel channel;
    private final String queue;
    private final Envelopes.Reading reading;
    private final boolean releaseIsFree;
    private final @Nullable RetryPolicy nativeRetry;
    private final Executor blocking;
    private final int timeoutMillis;
    private final Settlements settlements;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<RabbitMqInbound> buffer = new ArrayDeque<>();
    private boolean paused;
    private boolean stopped;
    private volatile boolean closed;
    private volatile @Nullable BrokerException broken;
    private volatile int prefetch;
    /** The highest delivery tag, which is how many were delivered. */
    private volatile long delivered;

    /** Held while the channel is asked to consume or to stop, which waits for the server. */
    private final ReentrantLock consuming = new ReentrantLock();

    private @Nullable Pushed consumer;
    private int consumerPrefetch;
    /** Whether to consume as soon as enough of what is held is settled. */
    private volatile boolean waitingForRoom;
    /** Whether messages may have gone back since the last consumer. */
    private volatile boolean gaveBack;

    /**
     * @param reading of the messages of this queue
     * @param releaseIsFree whether a returned message does not count as delivered
     * @param nativeRetry by which the server makes what is rejected wait, or null if it comes again at once
     * @param timeoutMillis the longest that the server may take to answer
     */
    RabbitMqReceiver(
            Line line,
            String queue,
            Envelopes.Reading reading,
            int prefetch,
            boolean releaseIsFree,
            @Nullable RetryPolicy nativeRetry,
            Executor blocking,
            int timeoutMillis) {
        this.queue = queue;
        this.reading = reading;
        this.prefetch = Math.min(prefetch, MOST_PREFETCH);
        this.releaseIsFree = releaseIsFree;
        this.nativeRetry = nativeRetry;
        this.blocking = blocking;
        this.timeoutMillis = timeoutMillis;
        channel = line.channel();
        settlements = new Settlements(channel);
        channel.addShutdownListener(this::ended);
        try {
            consume();
        } catch (BrokerException failed) {
            blocking.execute(() -> Line.abort(channel));
            throw failed;
        }
    }

    private void consume() {
        try {
            if (gaveBack) {
                // The server puts off returns that are many, but not a new consumer, who would then get what comes
                // behind them.
                // A consumer of one gets the first of them, and when it ends the others are back too.
                gaveBack = false;
                cancel(consume(1));
            }
            consumer = consume(prefetch);
        } catch (IOException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        }
    }

    private Pushed consume(int limit) throws IOException {
        consumerPrefetch = limit;
        channel.basicQos(limit);
        Pushed fresh = new Pushed(channel);
        fresh.tag = channel.basicConsume(queue, false, fresh);
        return fresh;
    }

    /** Afterwards all that it was sent is in the buffer. */
    private void cancel(Pushed former) {
        try {
            consumer = null;
            channel.basicCancel(former.tag);
            // Like the client's own calls, not to be interrupted.
            if (!former.ended
                    .completeOnTimeout(false, timeoutMillis, TimeUnit.MILLISECONDS)
                    .join()) {
                throw new BrokerException(Kind.UNAVAILABLE, "the consumer of queue '" + queue + "' does not end", null);
            }
        } catch (IOException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        }
    }

    /**
     * Makes the consumer what it is to be: there or not, with this prefetch. A consumer's prefetch cannot change, so that another
     * takes its place; what the former one brought stays unsettled and does not count for the new one, which therefore waits until
     * no more is held than may be.
     */
    private void adjust() {
        consuming.lock();
        try {
            if (ended()) {
                return;
            }
            boolean wanted = !halted();
            Pushed former = consumer;
            if (former != null && (!wanted || consumerPrefetch != prefetch)) {
                cancel(former);
            }
            giveBackWhatIsNotWanted();
            waitingForRoom = wanted && consumer == null;
            if (waitingForRoom && held() <= prefetch) {
                waitingForRoom = false;
                consume();
            }
        } catch (BrokerException failed) {
            breakWith(failed);
        } finally {
            consuming.unlock();
        }
    }

    private long held() {
        return delivered - settlements.count();
    }

    private boolean halted() {
        lock.lock();
        try {
            return paused || stopped;
        } finally {
            lock.unlock();
        }
    }

    /** What the server pushes, on the client's thread for this channel. */
    private final class Pushed extends DefaultConsumer {
        final CompletableFuture<Boolean> ended = new CompletableFuture<>();
        /** Ours to keep: the client sets its own when it gets round to it. */
        String tag = "";

        Pushed(Channel channel) {
            super(channel);
        }

        @Override
        public void handleDelivery(String tag, Envelope delivery, AMQP.BasicProperties properties, byte[] body) {
            RabbitMqInbound inbound = new RabbitMqInbound(
                    RabbitMqReceiver.this,
                    delivery.getDeliveryTag(),
                    delivery.isRedeliver(),
                    Envelopes.deliveryCount(properties, delivery.isRedeliver()),
                    reading.read(properties, body));
            lock.lock();
            try {
                delivered = inbound.tag;
                buffer.add(inbound);
                changed.signal();
            } finally {
                lock.unlock();
            }
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

    private void giveBackWhatIsNotWanted() {
        try {
            settlements.giveBack(takeUnwanted());
        } catch (IOException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        }
    }

    private List<RabbitMqInbound> takeUnwanted() {
        lock.lock();
        try {
            if (!stopped && !(paused && releaseIsFree)) {
                return List.of();
            }
            List<RabbitMqInbound> fetched = List.copyOf(buffer);
            buffer.clear();
            gaveBack = true;
            return fetched;
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
                settlements.write(own);
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
        if (waitingForRoom && held() <= prefetch) {
            blocking.execute(this::adjust);
        }
    }

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
    public boolean canDelay(Inbound message, long delayMillis) {
        long natively = nativeRetry == null
                ? 0
                : nativeRetry.plainDelay(message.deliveryCount()).toMillis();
        return delayMillis == natively;
    }

    @Override
    public void extend(List<? extends Held> held) {
        throw new IllegalStateException("no lock of RabbitMQ ends by time");
    }

    @Override
    public void prefetch(int limit) {
        int capped = Math.min(limit, MOST_PREFETCH);
        if (capped != prefetch) {
            prefetch = capped;
            blocking.execute(this::adjust);
        }
    }

    @Override
    public void pause() {
        if (releaseIsFree) {
            change(() -> paused = true);
        } else {
            set(() -> paused = true);
            blocking.execute(this::pauseInALull);
        }
    }

    /**
     * What the queue is about to deliver when its consumer ends goes back, which before 4.3 counts as a delivery: above all, what was
     * just rejected. It ends when nothing has come for a while, with what came until then in the buffer.
     */
    private void pauseInALull() {
        lock.lock();
        try {
            long end = System.nanoTime() + LULL_PATIENCE_NANOS;
            long seen = delivered;
            for (long left = LULL_NANOS; left > 0 && paused && !stopped && !ended(); ) {
                left = changed.awaitNanos(left);
                if (delivered != seen) {
                    seen = delivered;
                    left = Math.min(LULL_NANOS, end - System.nanoTime());
                }
            }
        } catch (InterruptedException shutDown) {
            Thread.currentThread().interrupt();
            return;
        } finally {
            lock.unlock();
        }
        adjust();
    }

    @Override
    public void resume() {
        change(() -> paused = false);
    }

    @Override
    public void stop() {
        change(() -> stopped = true);
    }

    private void change(Runnable state) {
        set(state);
        adjust();
    }

    private void set(Runnable state) {
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
