package dev.waybill.kafka;

import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * One membership in the group that moves a queue's delayed messages on: reads the delay topics, keeps what is not due, and moves
 * what is, either altogether or not at all. All that it knows the group knows too, so after any exception it is closed, and another
 * one goes on where the last committed transaction ended. Belongs to one thread.
 */
final class DelaySession implements ConsumerRebalanceListener, AutoCloseable {
    private static final long IDLE_MILLIS = 10_000;
    private static final long REFUSED_MILLIS = 50;
    private static final int MOST_REFUSALS = 20;
    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final String queue;
    private final Names names;
    private final Consumer<byte[], byte[]> consumer;
    private final Supplier<DelayMover> movers;
    private final DelayTrim trim;
    private final TimeSource time;
    private final Map<TopicPartition, DelayPartition> partitions = new HashMap<>();
    private final Map<String, Integer> levelOf = new HashMap<>();
    private NavigableSet<Integer> levels = new TreeSet<>();

    /** Opened when there is something to move, which an idle queue never sees. */
    private @Nullable DelayMover mover;

    private int refusals;

    DelaySession(
            String queue,
            Names names,
            Consumer<byte[], byte[]> consumer,
            Supplier<DelayMover> movers,
            DelayTrim trim,
            TimeSource time) {
        this.queue = queue;
        this.names = names;
        this.consumer = consumer;
        this.movers = movers;
        this.trim = trim;
        this.time = time;
    }

    /** Ends the transaction that the session before may have left open, which holds up whoever reads the queue. */
    void settle() {
        mover();
    }

    /**
     * Waits until something is due, or has come, or a while has passed, and moves what is due.
     *
     * @param existing which levels there are
     * @return whether it has moved any
     */
    boolean round(NavigableSet<Integer> existing) {
        if (!existing.equals(levels)) {
            levels = existing;
            existing.forEach(level -> levelOf.put(names.delayTopic(queue, level), level));
            consumer.subscribe(List.copyOf(levelOf.keySet()), this);
        }
        take(poll());
        measure();
        boolean moved = move();
        throttle();
        trim.now(time.nanos());
        return moved;
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        long now = time.nanos();
        long wait = IDLE_MILLIS;
        for (DelayPartition partition : partitions.values()) {
            wait = Math.min(wait, Math.max(0, partition.leftHere(now)));
        }
        try {
            return consumer.poll(Duration.ofMillis(refusals > 0 ? Math.max(wait, REFUSED_MILLIS) : wait));
        } catch (WakeupException newLevelsOrClosed) {
            return ConsumerRecords.empty();
        }
    }

    private void take(ConsumerRecords<byte[], byte[]> records) {
        if (records.isEmpty()) {
            return;
        }
        Set<TopicPartition> assigned = consumer.assignment();
        for (TopicPartition partition : records.partitions()) {
            if (assigned.contains(partition)) {
                partitions
                        .computeIfAbsent(
                                partition, any -> new DelayPartition(Objects.requireNonNull(levelOf.get(any.topic()))))
                        .add(records.records(partition), time.nanos());
            }
        }
    }

    private DelayMover mover() {
        DelayMover open = mover;
        if (open == null) {
            open = movers.get();
            mover = open;
        }
        return open;
    }

    private void measure() {
        Map<TopicPartition, LogClock> doubtful = new HashMap<>();
        long now = time.nanos();
        partitions.forEach((partition, held) -> {
            if (!held.isEmpty() && held.clock().doubtful(now)) {
                doubtful.put(partition, held.clock());
            }
        });
        if (!doubtful.isEmpty()) {
            mover().measure(doubtful);
        }
    }

    /** All that is due, in one transaction. */
    private boolean move() {
        List<ProducerRecord<byte[], byte[]>> onward = new ArrayList<>();
        Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();
        Map<DelayPartition, Integer> counts = new HashMap<>();
        long now = time.nanos();
        partitions.forEach((partition, held) -> {
            for (ConsumerRecord<byte[], byte[]> record : held.waiting()) {
                if (held.leftHere(record, now) > 0) {
                    break;
                }
                onward.add(onward(record, held.left(record, now)));
                read.put(partition, new OffsetAndMetadata(record.offset() + 1));
                counts.merge(held, 1, Integer::sum);
            }
        });
        if (onward.isEmpty()) {
            return false;
        }
        if (!mover().move(onward, read, consumer.groupMetadata())) {
            refusals++;
            if (refusals > MOST_REFUSALS) {
                throw new CommitFailedException("the group refuses what was read of " + read.keySet());
            }
            return false;
        }
        refusals = 0;
        counts.forEach(DelayPartition::moved);
        trim.moved(read);
        return true;
    }

    private ProducerRecord<byte[], byte[]> onward(ConsumerRecord<byte[], byte[]> record, long left) {
        if (left <= 0) {
            return DelayedRecord.onward(record, names.topic(queue), 0);
        }
        return DelayedRecord.onward(record, names.delayTopic(queue, DelayLevels.level(left, levels)), left);
    }

    /** Bounds what is held in memory. */
    private void throttle() {
        Set<TopicPartition> paused = consumer.paused();
        Set<TopicPartition> full = new HashSet<>();
        Set<TopicPartition> roomy = new HashSet<>();
        partitions.forEach((partition, held) -> {
            if (held.full() && !paused.contains(partition)) {
                full.add(partition);
            } else if (held.roomy() && paused.contains(partition)) {
                roomy.add(partition);
            }
        });
        consumer.pause(full);
        consumer.resume(roomy);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
        // Nothing is held of these: it is read from where the group left off.
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
        partitions.keySet().removeAll(revoked);
        trim.forget(revoked);
    }

    /** Ends a wait of {@link #round}; the one method for other threads. */
    void wakeUp() {
        consumer.wakeup();
    }

    Consumer<byte[], byte[]> consumer() {
        return consumer;
    }

    @Override
    public void close() {
        trim.rest();
        try {
            if (mover != null) {
                mover.close();
            }
        } finally {
            consumer.close(CloseOptions.timeout(CLOSE));
        }
    }
}
