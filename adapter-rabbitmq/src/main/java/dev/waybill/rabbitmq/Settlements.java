package dev.waybill.rabbitmq;

import com.rabbitmq.client.Channel;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** Writes the settlements of one channel, as few as say the same. Thread-safe. */
final class Settlements {
    private final Channel channel;

    /** Held while settlements are written. */
    private final ReentrantLock writing = new ReentrantLock();

    private final Unsettled unsettled = new Unsettled();
    private volatile long settled;

    Settlements(Channel channel) {
        this.channel = channel;
    }

    /** How many deliveries of the channel are settled. */
    long count() {
        return settled;
    }

    /**
     * Failures and returns one by one, then what is done: the contiguous part by one multiple acknowledgement, the rest singly.
     *
     * @throws IOException if the connection was lost on the way
     * @throws com.rabbitmq.client.ShutdownSignalException if the channel is gone
     */
    void write(List<? extends Held> batch) throws IOException {
        writing.lock();
        try {
            for (int i = 0; i < batch.size(); i++) {
                long tag = tag(batch.get(i));
                unsettled.settle(tag);
                Disposition disposition = batch.get(i).disposition();
                if (disposition == Disposition.RETRY) {
                    channel.basicReject(tag, true);
                } else if (disposition == Disposition.RELEASE) {
                    channel.basicNack(tag, false, true);
                }
            }
            acknowledge(batch);
            settled = unsettled.count();
        } finally {
            writing.unlock();
        }
    }

    private void acknowledge(List<? extends Held> batch) throws IOException {
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

    /** Returns what is not to be handed over, in the order of delivery, which is then the order in which it comes again. */
    void giveBack(List<RabbitMqInbound> fetched) throws IOException {
        writing.lock();
        try {
            for (RabbitMqInbound message : fetched) {
                unsettled.settle(message.tag);
                channel.basicNack(message.tag, false, true);
            }
            settled = unsettled.count();
        } finally {
            writing.unlock();
        }
    }

    /** Waits until what is being written is written, though not for long. */
    void finish(int millis) throws InterruptedException {
        if (writing.tryLock(millis, TimeUnit.MILLISECONDS)) {
            writing.unlock();
        }
    }
}
