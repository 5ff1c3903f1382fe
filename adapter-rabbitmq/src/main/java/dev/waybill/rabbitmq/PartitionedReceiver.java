package dev.waybill.rabbitmq;

import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;

/**
 * Receives from all partitions of a queue that is ordered by key, on one channel. Of each partition the server makes one consumer the
 * active one, and another only when that is gone or, preferred less, holds nothing any more.
 *
 * <p>Nothing goes back before the channel ends. The server puts behind one another what comes back, and hands over to the next consumer
 * what comes after it as soon as this one is cancelled; only the end of the channel returns everything at once and in order. That counts
 * as a delivery of all that was held, which is why little is fetched ahead.
 */
final class PartitionedReceiver extends ChannelReceiver {
    private static final int MOST_AHEAD = 64;

    /**
     * @param partitions of the queue
     * @param preferring whether the server is to spread the partitions over its consumers; else the next in line gets all
     * @param prefetch how many messages may be held, of all partitions; at least one of each is
     */
    PartitionedReceiver(
            Line line,
            String queue,
            List<String> partitions,
            boolean preferring,
            Envelopes.Reading reading,
            int prefetch,
            Executor blocking,
            int timeoutMillis) {
        super(line, queue, reading, blocking, timeoutMillis);
        try {
            // Of each consumer by itself.
            channel.basicQos(Math.max(1, Math.min(MOST_AHEAD, prefetch / partitions.size())));
            String self = UUID.randomUUID().toString();
            for (String partition : partitions) {
                Map<String, Object> arguments =
                        preferring ? Map.of("x-priority", Partitions.preference(self, partition)) : Map.of();
                channel.basicConsume(partition, false, arguments, new Pushed(partition));
            }
        } catch (IOException | ShutdownSignalException failed) {
            blocking.execute(() -> Line.abort(channel));
            throw Faults.of(failed);
        }
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

    /** Has no effect: a consumer's prefetch cannot change, and to consume anew would mix up the order. */
    @Override
    public void prefetch(int limit) {}

    /** The partitions stay here, and what was fetched: it would come to another while what precedes it is handled. */
    @Override
    public void pause() {
        set(() -> paused = true);
    }

    @Override
    public void resume() {
        set(() -> paused = false);
    }

    @Override
    public void stop() {
        set(() -> stopped = true);
    }
}
