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
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One membership in the group that moves a queue's delayed messages on: reads the delay topics, keeps what is not due, and moves
 * what is, either altogether or not at all. After a failure of the moving the group tells what became of it, and the session goes on:
 * a new member would have to wait until the broker takes this one for dead. After any other exception it is closed, and another one
 * goes on where the last committed transaction ended. Belongs to one thread.
 */
final class DelaySession implements ConsumerRebalanceListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DelaySession.class);
    private static final long IDLE_MILLIS = 10_000;
    private static final long UNSETTLED_MILLIS = 200;
    private static final long REFUSED_MILLIS = 50;
    private static final int MOST_REFUSALS = 20;
    private static final Duration ASK = Duration.ofSeconds(10);
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

    /** Whether it is unknown what became of a transaction, of ours or of those before us. */
    private boolean unsettled;

    /** Whether none can hold up the queue any more; the group may still not know what it has read. */
    private boolean swept;

    /** Whether the mover is at work, and no other part of a round. */
    private boolean moving;

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

    /** The session before may have left a transaction open, which holds up whoever reads the queue. */
    void doubt() {
        unsettled = true;
    }

    /** Whether to go on after what {@link #round} has thrown. */
    boolean recovers(RuntimeException failed) {
        return moving && Failures.kind(failed).transientFault();
    }

    /**
     * Waits until something is due, or has come, or a while has passed, and moves what is due.
     *
     * @param existing which levels there are
     * @return whether it has moved any
     */
    boolean round(NavigableSet<Integer> existing) {
        moving = false;
        if (!existing.equals(levels)) {
            levels = existing;
            existing.forEach(level -> levelOf.put(names.delayTopic(queue, level), level));
            consumer.subscribe(List.copyOf(levelOf.keySet()), this);
        }
        if (unsettled) {
            settle();
        }
        take(poll());
        boolean moved = false;
        // What is held may have been moved already.
        if (!unsettled) {
            measure();
            moved = move();
        }
        if (refusals > MOST_REFUSALS) {
            throw new CommitFailedException("the group of '" + queue + "' refuses what was read");
        }
        throttle();
        trim.now(time.nanos());
        return moved;
    }

    /** Has the transaction ended that may be open, and holds no longer what it has moved after all. */
    private void settle() {
        ConsumerGroupMetadata member = consumer.groupMetadata();
        boolean joined = member.generationId() > 0;
        if (!swept) {
            List<String> topics = new ArrayList<>(levelOf.keySet());
            topics.add(names.topic(queue));
            byMover(open -> open.sweep(topics));
            swept = true;
        }
        TopicPartition any = new TopicPartition(names.delayTopic(queue, levels.first()), 0);
        if (!joined || !byMover(open -> open.sweep(any, member))) {
            return;
        }
        try {
            consumer.committed(Set.copyOf(partitions.keySet()), ASK).forEach((partition, read) -> {
                DelayPartition held = partitions.get(partition);
                if (held != null && read != null) {
                    held.movedBefore(read.offset());
                }
            });
            unsettled = false;
        } catch (WakeupException newLevelsOrClosed) {
            LOG.debug("woken while it asked what was moved of '{}'; it asks again", queue);
        }
    }

    /** What a mover is asked to do. */
    private interface Work {
        boolean with(DelayMover mover);
    }

    private boolean byMover(Work work) {
        moving = true;
        try {
            DelayMover open = mover;
            if (open == null) {
                open = movers.get();
                mover = open;
            }
            boolean done = work.with(open);
            moving = false;
            return done;
        } catch (RuntimeException failed) {
            unsettled = true;
            swept = false;
            DelayMover broken = mover;
            mover = null;
            if (broken != null) {
                broken.close();
            }
            throw failed;
        }
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        long now = time.nanos();
        long wait = unsettled ? UNSETTLED_MILLIS : IDLE_MILLIS;
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

    private void measure() {
        Map<TopicPartition, LogClock> doubtful = new HashMap<>();
        long now = time.nanos();
        partitions.forEach((partition, held) -> {
            if (!held.isEmpty() && held.clock().doubtful(now)) {
                doubtful.put(partition, held.clock());
            }
        });
        if (!doubtful.isEmpty()) {
            byMover(open -> open.measure(doubtful));
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
        ConsumerGroupMetadata member = consumer.groupMetadata();
        if (!byMover(open -> open.move(onward, read, member))) {
            refusals++;
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
