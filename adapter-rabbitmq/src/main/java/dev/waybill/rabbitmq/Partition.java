package dev.waybill.rabbitmq;

import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
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
final class Partition extends ConsumedChannel {
    private volatile boolean leaving;

    /** How many were handed over and are not settled; guarded by the lock of the inbox. */
    private int open;

    /** Whether the server has made us the active one; guarded likewise. */
    private boolean active;

    Partition(
            Line line,
            String queue,
            Envelopes.Reading reading,
            Inbox inbox,
            int prefetch,
            Executor blocking,
            int timeoutMillis) {
        super(line, queue, reading, inbox, blocking, timeoutMillis);
        try {
            channel.basicQos(prefetch);
            channel.basicConsume(queue, false, new Pushed());
        } catch (IOException | ShutdownSignalException failed) {
            blocking.execute(() -> Line.abort(channel));
            throw Faults.of(failed);
        }
    }

    @Override
    int count(int counted) {
        return Math.min(counted, 2);
    }

    /** Of one that leaves they stay with the channel, to go back with it. */
    @Override
    void arrived(RabbitMqInbound inbound) {
        inbox.lock.lock();
        try {
            active = true;
            if (!leaving) {
                super.arrived(inbound);
            }
        } finally {
            inbox.lock.unlock();
        }
    }

    @Override
    void handedOver() {
        open++;
    }

    /** So many that were handed over are settled; whether it is free to go. With the lock of the inbox. */
    boolean freed(int settled) {
        open -= settled;
        return leaving && open == 0;
    }

    /** How many that were handed over are not settled. With the lock of the inbox. */
    int open() {
        return open;
    }

    /** Whether it is ours to let go. With the lock of the inbox. */
    boolean stays() {
        return active && !leaving;
    }

    @Override
    void broke(BrokerException failure) {
        if (!leaving) {
            super.broke(failure);
        }
    }

    /** It goes to the next in line when nothing of it is being handled any more. */
    void leave() {
        leaving = true;
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
}
