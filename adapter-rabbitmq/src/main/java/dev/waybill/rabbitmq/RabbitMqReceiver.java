package dev.waybill.rabbitmq;

import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.RetryPolicy;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Receives from one queue: what is not wanted any more goes back where that costs nothing. */
final class RabbitMqReceiver extends ConsumedChannel implements Receiver {
    private static final int MOST_PREFETCH = 65_535;

    /** How long nothing has come before a consumer ends whose end may cost a delivery. */
    private static final long LULL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** The longest wait for that, since until then a paused consumer takes what others could have. */
    private static final long LULL_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final boolean releaseIsFree;
    private final @Nullable RetryPolicy nativeRetry;
    private final Map<String, Object> arguments;
    private volatile int prefetch;

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
     * @param arguments of its consumers
     * @param timeoutMillis the longest that the server may take to answer
     */
    RabbitMqReceiver(
            Line line,
            String queue,
            Envelopes.Reading reading,
            int prefetch,
            boolean releaseIsFree,
            @Nullable RetryPolicy nativeRetry,
            Map<String, Object> arguments,
            Executor blocking,
            int timeoutMillis) {
        super(line, queue, reading, new Inbox(), blocking, timeoutMillis);
        this.prefetch = Math.min(prefetch, MOST_PREFETCH);
        this.releaseIsFree = releaseIsFree;
        this.nativeRetry = nativeRetry;
        this.arguments = arguments;
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
        Pushed fresh = new Pushed();
        fresh.tag = channel.basicConsume(queue, false, arguments, fresh);
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
            boolean wanted = !inbox.halted();
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

    private void giveBackWhatIsNotWanted() {
        try {
            settlements.giveBack(takeUnwanted());
        } catch (IOException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        }
    }

    private List<RabbitMqInbound> takeUnwanted() {
        inbox.lock.lock();
        try {
            if (!releaseIsFree || !inbox.stopped && !inbox.paused) {
                return List.of();
            }
            List<RabbitMqInbound> fetched = List.copyOf(inbox.messages);
            inbox.messages.clear();
            gaveBack = true;
            return fetched;
        } finally {
            inbox.lock.unlock();
        }
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        return inbox.receive(max, wait);
    }

    @Override
    public boolean ready() {
        return inbox.ready();
    }

    @Override
    public long silenceNanos() {
        return Line.silenceNanos(channel);
    }

    @Override
    public void settle(List<? extends Held> batch) {
        super.settle(batch);
        if (waitingForRoom && held() <= prefetch) {
            blocking.execute(this::adjust);
        }
    }

    @Override
    void write(List<? extends Held> own) throws IOException {
        settlements.write(own);
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
            change(() -> inbox.paused = true);
        } else {
            inbox.set(() -> inbox.paused = true);
            blocking.execute(this::pauseInALull);
        }
    }

    /**
     * What the queue is about to deliver when its consumer ends goes back, which before 4.3 counts as a delivery: above all, what was
     * just rejected. It ends when nothing has come for a while, with what came until then in the buffer.
     */
    private void pauseInALull() {
        inbox.lock.lock();
        try {
            long end = System.nanoTime() + LULL_PATIENCE_NANOS;
            long seen = delivered;
            for (long left = LULL_NANOS; left > 0 && inbox.paused && !inbox.stopped && !ended(); ) {
                left = inbox.changed.awaitNanos(left);
                if (delivered != seen) {
                    seen = delivered;
                    left = Math.min(LULL_NANOS, end - System.nanoTime());
                }
            }
        } catch (InterruptedException shutDown) {
            Thread.currentThread().interrupt();
            return;
        } finally {
            inbox.lock.unlock();
        }
        adjust();
    }

    @Override
    public void resume() {
        change(() -> inbox.paused = false);
    }

    @Override
    public List<Inbound> stop() {
        change(() -> inbox.stopped = true);
        return releaseIsFree ? List.of() : inbox.drain();
    }

    private void change(Runnable state) {
        inbox.set(state);
        adjust();
    }

    @Override
    public void close() {
        // What is left comes back with the channel.
        change(() -> inbox.stopped = true);
        super.close();
    }
}
