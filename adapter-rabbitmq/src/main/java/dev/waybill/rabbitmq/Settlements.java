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
    /**
     * How many settlements of a channel the server carries out at once. It stashes those beyond ({@code quorum_commands_soft_limit};
     * {@code rabbit_fifo_client}), and forgets the stash when the channel ends: what was acknowledged then comes again.
     */
    private static final int SERVERS_LIMIT = 32;

    /** Nothing tells when the stash is empty. It takes the server two writes to its log, which are milliseconds. */
    private static final long CARRIED_OUT_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final Channel channel;

    /** Held while settlements are written. */
    private final ReentrantLock writing = new ReentrantLock();

    private final Unsettled unsettled = new Unsettled();
    private volatile long settled;

    /** How many frames followed each other closely, and when the last was written. */
    private long burst;

    private long lastNanos = System.nanoTime();

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
            int frames = 0;
            for (int i = 0; i < batch.size(); i++) {
                long tag = tag(batch.get(i));
                unsettled.settle(tag);
                Disposition disposition = batch.get(i).disposition();
                if (disposition == Disposition.RETRY) {
                    channel.basicReject(tag, true);
                    frames++;
                } else if (disposition == Disposition.RELEASE) {
                    channel.basicNack(tag, false, true);
                    frames++;
                }
            }
            frames += acknowledge(batch);
            settled = unsettled.count();
            written(frames);
        } finally {
            writing.unlock();
        }
    }

    /** Returns in how many frames. */
    private int acknowledge(List<? extends Held> batch) throws IOException {
        int frames = 0;
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
            frames++;
        }
        for (int i = 0; i < batch.size(); i++) {
            long tag = tag(batch.get(i));
            if (tag >= lowest && batch.get(i).disposition() == Disposition.ACCEPT) {
                channel.basicAck(tag, false);
                frames++;
            }
        }
        return frames;
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
            written(fetched.size());
        } finally {
            writing.unlock();
        }
    }

    private void written(int frames) {
        if (frames == 0) {
            return;
        }
        long now = System.nanoTime();
        burst = now - lastNanos > CARRIED_OUT_NANOS ? frames : burst + frames;
        lastNanos = now;
    }

    /** Waits until what is being written is written, though not for long, and what the server may have stashed is carried out. */
    void finish(int millis) throws InterruptedException {
        if (!writing.tryLock(millis, TimeUnit.MILLISECONDS)) {
            return;
        }
        long left;
        try {
            left = burst > SERVERS_LIMIT ? lastNanos + CARRIED_OUT_NANOS - System.nanoTime() : 0;
        } finally {
            writing.unlock();
        }
        if (left > 0 && channel.isOpen()) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }
}
