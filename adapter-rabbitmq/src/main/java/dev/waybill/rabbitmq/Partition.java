package dev.waybill.rabbitmq;

import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * One partition of a {@link PartitionedReceiver}, on a channel of its own, which hands on what comes. The server makes one consumer of
 * it the active one, and the next in line when the channel of that has ended.
 *
 * <p>Nothing goes back before the channel ends. The server puts behind one another what comes back, and hands over to the next consumer
 * what comes after it as soon as this one is cancelled; only the end of the channel returns everything at once and in order. That counts
 * as a delivery of all that was held, of what nobody has tried too, so these counts say no more than that it may be a repetition.
 */
final class Partition extends ChannelReceiver {
    private final PartitionedReceiver whole;
    private volatile boolean leaving;

    /** How many were handed over and are not settled; guarded by the lock of the whole, as is what it is about. */
    int handedOver;

    /** Whether the server has made us the active one. */
    boolean active;

    Partition(
            PartitionedReceiver whole,
            Line line,
            String queue,
            Envelopes.Reading reading,
            int prefetch,
            Executor blocking,
            int timeoutMillis) {
        super(line, queue, reading, blocking, timeoutMillis);
        this.whole = whole;
        try {
            channel.basicQos(prefetch);
            channel.basicConsume(queue, false, new Pushed(queue));
        } catch (IOException | ShutdownSignalException failed) {
            blocking.execute(() -> Line.abort(channel));
            throw Faults.of(failed);
        }
    }

    @Override
    int count(int counted) {
        return Math.min(counted, 2);
    }

    @Override
    void arrived(RabbitMqInbound inbound) {
        delivered = inbound.tag;
        whole.arrived(this, inbound);
    }

    @Override
    void breakWith(BrokerException failure) {
        super.breakWith(failure);
        PartitionedReceiver of = whole;
        // The channel may end before it is anybody's.
        if (of != null && !leaving) {
            of.breakWith(failure);
        }
    }

    /** It goes to the next in line when nothing of it is being handled any more. */
    void leave() {
        leaving = true;
    }

    boolean leaving() {
        return leaving;
    }

    @Override
    boolean lost() {
        return leaving || ended();
    }

    /** What was not handled stays until the channel ends. */
    @Override
    void write(List<? extends Held> own) throws IOException {
        settlements.write(own.stream()
                .filter(held -> held.disposition() == Disposition.ACCEPT)
                .toList());
    }

    @Override
    public boolean canDelay(Inbound message, long delayMillis) {
        return false;
    }

    @Override
    public void prefetch(int limit) {
        throw new IllegalStateException("the prefetch of a consumer cannot change");
    }

    @Override
    public void pause() {
        throw new IllegalStateException("a partition is not paused by itself");
    }

    @Override
    public void resume() {
        throw new IllegalStateException("a partition is not paused by itself");
    }

    @Override
    public void stop() {
        leave();
    }
}
