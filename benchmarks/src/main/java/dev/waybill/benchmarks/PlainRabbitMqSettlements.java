package dev.waybill.benchmarks;

import com.rabbitmq.client.Channel;
import java.io.IOException;

/** Settles the contiguous part of what is done on one channel, by one multiple acknowledgement for each run of a kind. Thread-safe. */
final class PlainRabbitMqSettlements {
    /** Half of the prefetch, so that the server has the next half under way. */
    private static final int BATCH = Load.PREFETCH / 2;

    private final Channel channel;
    private final Confirms done = new Confirms();
    private final boolean[] back = new boolean[Confirms.MOST];
    private long settled;

    PlainRabbitMqSettlements(Channel channel) {
        this.channel = channel;
    }

    void accept(long number) {
        done(number, false);
    }

    /** It goes back to the queue, counted, and comes again at once. */
    void giveBack(long number) {
        done(number, true);
    }

    private synchronized void done(long number, boolean again) {
        back[slot(number)] = again;
        done.take(number, false);
        if (done.contiguous() - settled >= BATCH) {
            flush();
        }
    }

    synchronized void flush() {
        try {
            long upTo = done.contiguous();
            while (settled < upTo) {
                settle(upTo);
            }
        } catch (IOException failed) {
            throw new BenchmarkException("not settled", failed);
        }
    }

    private void settle(long upTo) throws IOException {
        long last = settled + 1;
        boolean again = back[slot(last)];
        while (last < upTo && back[slot(last + 1)] == again) {
            last++;
        }
        if (again) {
            channel.basicNack(last, true, true);
        } else {
            channel.basicAck(last, true);
        }
        settled = last;
    }

    private static int slot(long number) {
        return (int) (number % Confirms.MOST);
    }
}
