package dev.waybill.rabbitmq;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives from the partitions of a queue that is ordered by key. Every receiver stands in line for every partition; one that has more
 * than its share of them now and then lets some go, to whoever is next in line, and stands in line again. Preferences of the server's own
 * would do that sooner, but one that meets a death can leave a partition to a consumer that is gone (seen with 4.3.6).
 */
final class PartitionedReceiver implements Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionedReceiver.class);
    private static final int MOST_AHEAD = 64;
    private static final long SHARE_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final Supplier<Line> lines;
    private final String queue;
    private final List<String> names;
    private final Envelopes.Reading reading;
    private final int ahead;
    private final Executor blocking;
    private final int timeoutMillis;
    private final Runnable onLost;
    private final AtomicReferenceArray<Partition> partitions;
    /** On which it is known that we are here. */
    private final Channel presence;

    private final Inbox inbox = new Inbox();
    private volatile boolean closed;

    /** Held while partitions are let go and stood in line for, which waits for the server. */
    private final ReentrantLock sharing = new ReentrantLock();

    private volatile long sharedAt = System.nanoTime();

    /**
     * @param lines where to open channels
     * @param names of the partitions' queues
     * @param timeoutMillis the longest that the server may take to answer
     */
    PartitionedReceiver(
            Supplier<Line> lines,
            String queue,
            List<String> names,
            Envelopes.Reading reading,
            ReceiverOptions options,
            Executor blocking,
            int timeoutMillis) {
        this.lines = lines;
        this.queue = queue;
        this.names = names;
        this.reading = reading;
        this.blocking = blocking;
        this.timeoutMillis = timeoutMillis;
        onLost = options.onLost();
        ahead = Math.max(1, Math.min(MOST_AHEAD, options.prefetch() / names.size()));
        partitions = new AtomicReferenceArray<>(names.size());
        presence = lines.get().channel();
        try {
            presence.basicConsume(Partitions.receivers(queue), true, new DefaultConsumer(presence));
            for (int index = 0; index < names.size(); index++) {
                partitions.set(index, open(index));
            }
        } catch (IOException | RuntimeException failed) {
            each(Partition::close);
            blocking.execute(() -> Line.abort(presence));
            throw Faults.of(failed);
        }
    }

    private Partition open(int index) {
        return new Partition(lines.get(), names.get(index), reading, inbox, ahead, blocking, timeoutMillis);
    }

    private void each(Consumer<Partition> action) {
        for (int index = 0; index < partitions.length(); index++) {
            Partition partition = partitions.get(index);
            if (partition != null) {
                action.accept(partition);
            }
        }
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        shareNowAndThen();
        return inbox.receive(max, wait);
    }

    @Override
    public boolean ready() {
        return inbox.ready();
    }

    @Override
    public long silenceNanos() {
        return Line.silenceNanos(presence);
    }

    @Override
    public void settle(List<? extends Held> batch) {
        Map<Partition, List<Held>> byPartition = new HashMap<>();
        for (Held held : batch) {
            Partition partition = (Partition) ((RabbitMqInbound) held.inbound()).channel;
            byPartition.computeIfAbsent(partition, any -> new ArrayList<>()).add(held);
        }
        byPartition.forEach((partition, some) -> {
            partition.settle(some);
            settled(partition, some.size());
        });
        shareNowAndThen();
    }

    private void settled(Partition partition, int count) {
        boolean free;
        inbox.lock.lock();
        try {
            free = partition.freed(count);
        } finally {
            inbox.lock.unlock();
        }
        if (free) {
            blocking.execute(() -> standInLine(partition));
        }
    }

    private void shareNowAndThen() {
        if (System.nanoTime() - sharedAt > SHARE_NANOS && !closed) {
            sharedAt = System.nanoTime();
            blocking.execute(this::share);
        }
    }

    /** Lets go what is more than our share, of as many as stand in line for a partition. */
    private void share() {
        sharing.lock();
        try {
            if (inbox.stopped()) {
                return;
            }
            long receivers = Math.max(1, presence.consumerCount(Partitions.receivers(queue)));
            int fair = (int) ((names.size() + receivers - 1) / receivers);
            List<Partition> leaving = surplus(fair);
            if (!leaving.isEmpty()) {
                LOG.debug("{} partitions of queue {} go to others, of {} receivers", leaving.size(), queue, receivers);
                onLost.run();
                leaving.forEach(partition -> settled(partition, 0));
            }
        } catch (IOException | ShutdownSignalException failed) {
            LOG.debug("nobody knows how many share queue {}: {}", queue, Faults.describe(failed));
        } finally {
            sharing.unlock();
        }
    }

    /** Those with the least to wait for. */
    private List<Partition> surplus(int fair) {
        inbox.lock.lock();
        try {
            List<Partition> active = IntStream.range(0, partitions.length())
                    .mapToObj(partitions::get)
                    .filter(Partition::stays)
                    .sorted(Comparator.comparingInt(Partition::open))
                    .toList();
            List<Partition> surplus = active.subList(0, Math.max(0, active.size() - fair));
            surplus.forEach(Partition::leave);
            inbox.messages.removeIf(RabbitMqInbound::lost);
            return List.copyOf(surplus);
        } finally {
            inbox.lock.unlock();
        }
    }

    /** At the end of the line, once for each that was let go. */
    private void standInLine(Partition former) {
        sharing.lock();
        try {
            int index = IntStream.range(0, partitions.length())
                    .filter(each -> partitions.get(each) == former)
                    .findFirst()
                    .orElse(-1);
            if (index >= 0 && !inbox.stopped()) {
                former.close();
                partitions.set(index, open(index));
            }
        } catch (BrokerException failed) {
            inbox.breakWith(failed);
        } finally {
            sharing.unlock();
        }
    }

    @Override
    public boolean canDelay(Inbound message, long delayMillis) {
        return false;
    }

    @Override
    public void extend(List<? extends Held> held) {
        throw new IllegalStateException("no lock of RabbitMQ ends by time");
    }

    /** Has no effect: a consumer's prefetch cannot change, and to consume anew would mix up the order. */
    @Override
    public void prefetch(int limit) {}

    /** The partitions stay here, and what was fetched: it would come to another while what precedes it is handled. */
    @Override
    public void pause() {
        inbox.set(() -> inbox.paused = true);
    }

    @Override
    public void resume() {
        inbox.set(() -> inbox.paused = false);
    }

    @Override
    public List<Inbound> stop() {
        inbox.set(() -> inbox.stopped = true);
        return List.of();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        inbox.set(() -> inbox.stopped = true);
        closed = true;
        sharing.lock();
        try {
            each(Partition::close);
            blocking.execute(() -> Line.abort(presence));
        } finally {
            sharing.unlock();
        }
    }
}
