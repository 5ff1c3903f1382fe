package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives from an ordered queue as a member of its consumer group, on one thread, which owns the consumer: it fetches ahead, up to the
 * prefetch, keeps a {@link Progress} of each partition and tells the group of it, and lets a partition go when nothing of it is being
 * handled any more.
 */
final class OrderedReceiver implements Receiver, Runnable, ConsumerRebalanceListener {
    private static final Logger LOG = LoggerFactory.getLogger(OrderedReceiver.class);
    private static final Duration POLL = Duration.ofMillis(100);
    /** How long to wait for a settlement while there is no room for more. */
    private static final long FULL_MILLIS = 50;

    private static final long TELL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final Duration ASK = Duration.ofSeconds(15);

    /** For handlers of a partition that goes to another member, who gets it sooner if they are quicker. */
    private static final long LAST_HANDLERS_NANOS = TimeUnit.MINUTES.toNanos(2);

    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final long CLOSE_MILLIS = 15_000;

    private final String topic;
    private final Supplier<Consumer<byte[], byte[]>> opening;
    private final TopicWatch watch;
    private final Runnable onLost;
    private final Runnable onClose;
    private final long sessionMillis;
    private final Thread thread;

    /** What is to be settled, by the thread. */
    private final LinkedBlockingQueue<Held> toSettle = new LinkedBlockingQueue<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Fetched, and allowed to be handed over. */
    private final ArrayDeque<OrderedInbound> ready = new ArrayDeque<>();

    private boolean paused;
    private volatile boolean stopped;
    private volatile boolean closing;
    private volatile boolean closed;
    private volatile int prefetch;
    private volatile @Nullable BrokerException failure;
    private volatile @Nullable Consumer<byte[], byte[]> consumer;

    // Touched by the thread only.
    private final Map<TopicPartition, Progress> progress = new HashMap<>();
    /** Handed over and not settled, by what it is the progress of. */
    private final Map<Progress, Set<OrderedInbound>> handled = new HashMap<>();
    /** Fetched, and not allowed to be handed over yet. */
    private final ArrayDeque<OrderedInbound> early = new ArrayDeque<>();

    private final Set<TopicPartition> full = new HashSet<>();
    private volatile boolean ended;
    private long toldAt = System.nanoTime();

    OrderedReceiver(
            String topic,
            int prefetch,
            Supplier<Consumer<byte[], byte[]>> opening,
            TopicWatch watch,
            Runnable onLost,
            Runnable onClose,
            long sessionMillis) {
        this.topic = topic;
        this.sessionMillis = sessionMillis;
        this.prefetch = prefetch;
        this.opening = opening;
        this.watch = watch;
        this.onLost = onLost;
        this.onClose = onClose;
        thread = new Thread(this, "waybill-kafka-" + topic + "-ordered");
        thread.setDaemon(true);
        thread.start();
    }

    String topic() {
        return topic;
    }

    @Nullable
    BrokerException failure() {
        return failure;
    }

    @Nullable
    Consumer<byte[], byte[]> consumer() {
        return consumer;
    }

    @Override
    public void run() {
        try {
            consume();
        } catch (RuntimeException | Error failed) {
            fail(failed);
        } finally {
            progress.values().forEach(this::lose);
            progress.clear();
            handled.clear();
            ended = true;
            settleAll();
            closeConsumer();
        }
    }

    private void consume() {
        Consumer<byte[], byte[]> mine = opening.get();
        consumer = mine;
        mine.subscribe(List.of(topic), this);
        while (!closing) {
            try {
                round(mine);
            } catch (KafkaException failed) {
                // Who closes wakes it up, wherever it is.
                if (!closing) {
                    throw failed;
                }
            }
        }
        end(mine);
    }

    private void closeConsumer() {
        Consumer<byte[], byte[]> mine = consumer;
        closing = true;
        if (mine != null) {
            try {
                mine.close(CloseOptions.timeout(CLOSE));
            } catch (KafkaException failed) {
                LOG.debug("the consumer of topic {} did not leave its group in order", topic, failed);
            }
        }
    }

    private void round(Consumer<byte[], byte[]> mine) {
        settleAll();
        tellNowAndThen(mine);
        boolean room = throttle(mine);
        if (!room) {
            awaitSettlement();
        }
        try {
            take(mine.poll(room ? POLL : Duration.ZERO));
        } catch (WakeupException closes) {
            LOG.trace("woken up", closes);
        }
    }

    private void awaitSettlement() {
        try {
            Held held = toSettle.poll(FULL_MILLIS, TimeUnit.MILLISECONDS);
            if (held != null) {
                settleOne(held);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            closing = true;
        }
    }

    private void take(ConsumerRecords<byte[], byte[]> records) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            Progress of = progress.get(partition);
            if (of != null && of.fetched(record.offset())) {
                early.add(new OrderedInbound(partition, record.offset(), of, Records.decode(record)));
            }
        }
        release();
    }

    /** Lets go what the group knows may be handed over. */
    private void release() {
        OrderedInbound first = early.peekFirst();
        if (first == null || !first.progress.mayHandOver(first.offset)) {
            return;
        }
        lock.lock();
        try {
            // Each partition is in order; one that must wait holds up the others for a moment only.
            while (first != null && first.progress.mayHandOver(first.offset)) {
                early.removeFirst();
                ready.add(first);
                holds(first);
                first.progress.handOver(first.offset);
                first = early.peekFirst();
            }
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is room for more. */
    private boolean throttle(Consumer<byte[], byte[]> mine) {
        int held = early.size();
        for (Set<OrderedInbound> some : handled.values()) {
            held += some.size();
        }
        boolean room = held < prefetch && !stopped;
        Set<TopicPartition> pausing = room ? new HashSet<>(full) : new HashSet<>(mine.assignment());
        pausing.retainAll(mine.assignment());
        Set<TopicPartition> before = mine.paused();
        if (!pausing.equals(before)) {
            Set<TopicPartition> resuming = new HashSet<>(before);
            resuming.removeAll(pausing);
            try {
                mine.resume(resuming);
                mine.pause(pausing);
            } catch (IllegalStateException justTakenAway) {
                // The client may still list a partition that is not ours any more; the next round asks again.
                LOG.debug("a partition of topic {} was taken away meanwhile", topic, justTakenAway);
            }
        }
        return room;
    }

    private void tellNowAndThen(Consumer<byte[], byte[]> mine) {
        OrderedInbound first = early.peekFirst();
        boolean waiting = first != null && !first.progress.mayHandOver(first.offset);
        // While one waits for the answer, that may be on its way.
        if (System.nanoTime() - toldAt < (waiting ? TELL_NANOS / 10 : TELL_NANOS)) {
            return;
        }
        toldAt = System.nanoTime();
        if (first != null && waiting) {
            // Whatever became of what was said before.
            first.progress.tellAgain();
        }
        Map<TopicPartition, OffsetAndMetadata> said = new HashMap<>();
        Map<TopicPartition, Progress> of = new HashMap<>();
        progress.forEach((partition, each) -> {
            // Of one in which nothing comes nothing is said: a death there is nobody's fault.
            if (each.untold()) {
                OffsetAndMetadata open = each.open();
                said.put(partition, open);
                of.put(partition, each);
                if (each.full(open)) {
                    full.add(partition);
                } else {
                    full.remove(partition);
                }
            }
        });
        if (said.isEmpty()) {
            return;
        }
        mine.commitAsync(said, (offsets, failed) -> {
            if (failed == null) {
                of.forEach((partition, each) -> each.told(Objects.requireNonNull(said.get(partition))));
                release();
            } else {
                LOG.debug("the group of topic {} was not told how far it is; it is told again", topic, failed);
                of.values().forEach(Progress::tellAgain);
            }
        });
    }

    private void settleAll() {
        for (Held held = toSettle.poll(); held != null; held = toSettle.poll()) {
            settleOne(held);
        }
    }

    private void settleOne(Held held) {
        OrderedInbound message = (OrderedInbound) held.inbound();
        Set<OrderedInbound> open = handled.get(message.progress);
        boolean ours = open != null && open.remove(message);
        if (open != null && open.isEmpty()) {
            handled.remove(message.progress);
        }
        if (held.disposition() == Disposition.ACCEPT) {
            if (!ours) {
                held.lost("its partition belongs to another consumer");
                return;
            }
            message.progress.finish(message.offset);
        } else if (ours && !message.lost() && !stopped) {
            comesAgain(message.again());
        }
        held.settled();
    }

    private void holds(OrderedInbound message) {
        handled.computeIfAbsent(message.progress, any -> new HashSet<>()).add(message);
    }

    private void comesAgain(OrderedInbound message) {
        holds(message);
        lock.lock();
        try {
            ready.addFirst(message);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
        Consumer<byte[], byte[]> mine = consumer;
        if (mine == null || assigned.isEmpty()) {
            return;
        }
        Set<TopicPartition> partitions = Set.copyOf(assigned);
        Map<TopicPartition, OffsetAndMetadata> committed = mine.committed(partitions, ASK);
        Map<TopicPartition, Long> ends = mine.endOffsets(partitions, ASK);
        for (TopicPartition partition : partitions) {
            long position = mine.position(partition, ASK);
            progress.put(
                    partition,
                    Progress.from(position, ends.getOrDefault(partition, position), committed.get(partition)));
        }
    }

    /** They go to another member when this returns. */
    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
        Consumer<byte[], byte[]> mine = consumer;
        if (mine == null || closing) {
            return;
        }
        List<Progress> leaving = new ArrayList<>();
        revoked.forEach(partition -> {
            Progress of = progress.get(partition);
            if (of != null) {
                leaving.add(of);
                lose(of);
            }
        });
        onLost.run();
        awaitHandlers(leaving);
        Map<TopicPartition, OffsetAndMetadata> said = new HashMap<>();
        for (TopicPartition partition : revoked) {
            Progress of = progress.remove(partition);
            if (of != null) {
                said.put(partition, of.clean());
            }
        }
        full.removeAll(revoked);
        try {
            commit(mine, said);
        } catch (KafkaException failed) {
            LOG.warn(
                    "the group of topic {} was not told how far {} are; some of it is repeated",
                    topic,
                    revoked,
                    failed);
        }
    }

    private void awaitHandlers(List<Progress> leaving) {
        long end = System.nanoTime() + LAST_HANDLERS_NANOS;
        try {
            while (leaving.stream().anyMatch(handled::containsKey) && !closing) {
                Held held = toSettle.poll(10, TimeUnit.MILLISECONDS);
                if (held != null) {
                    settleOne(held);
                }
                if (System.nanoTime() - end > 0) {
                    LOG.warn(
                            "handlers of topic {} still run after {} s; their partitions go to another consumer",
                            topic,
                            TimeUnit.NANOSECONDS.toSeconds(LAST_HANDLERS_NANOS));
                    return;
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The group has given them to others already. */
    @Override
    public void onPartitionsLost(Collection<TopicPartition> gone) {
        gone.forEach(partition -> {
            Progress of = progress.remove(partition);
            if (of != null) {
                lose(of);
                handled.remove(of);
            }
        });
        full.removeAll(gone);
        onLost.run();
    }

    /** Nothing of it is handed over any more, and what is handed over is not to be started. */
    private void lose(Progress of) {
        early.removeIf(message -> message.progress == of);
        Set<OrderedInbound> open = handled.getOrDefault(of, Set.of());
        lock.lock();
        try {
            ready.removeIf(message -> {
                boolean leaves = message.progress == of;
                if (leaves) {
                    open.remove(message);
                }
                return leaves;
            });
        } finally {
            lock.unlock();
        }
        open.forEach(OrderedInbound::lose);
        if (open.isEmpty()) {
            handled.remove(of);
        }
    }

    /** What was accepted is finished for whoever comes next. */
    private void end(Consumer<byte[], byte[]> mine) {
        settleAll();
        Map<TopicPartition, OffsetAndMetadata> said = new HashMap<>();
        progress.forEach((partition, of) -> said.put(partition, of.clean()));
        try {
            commit(mine, said);
        } catch (KafkaException failed) {
            LOG.warn("the group of topic {} was not told the end; some of it is repeated", topic, failed);
        }
    }

    private static void commit(Consumer<byte[], byte[]> mine, Map<TopicPartition, OffsetAndMetadata> said) {
        try {
            mine.commitSync(said, CLOSE);
        } catch (WakeupException late) {
            // Meant for a poll that had just ended.
            mine.commitSync(said, CLOSE);
        }
    }

    private void fail(Throwable cause) {
        BrokerException meaning = Failures.broker("receiving from '" + topic + "' failed", cause);
        lock.lock();
        try {
            failure = meaning;
            ready.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        List<Inbound> taken = await(max, wait.toNanos());
        if (taken.isEmpty()) {
            watch.nothingCame(this::fail);
        } else {
            watch.somethingCame();
        }
        return taken;
    }

    private List<Inbound> await(int max, long wait) throws InterruptedException {
        long left = wait;
        lock.lockInterruptibly();
        try {
            while (!paused && !stopped) {
                BrokerException failed = failure;
                if (failed != null) {
                    throw failed;
                }
                if (!ready.isEmpty()) {
                    List<Inbound> taken = new ArrayList<>(Math.min(max, ready.size()));
                    while (taken.size() < max && !ready.isEmpty()) {
                        taken.add(ready.removeFirst());
                    }
                    return taken;
                }
                if (left <= 0) {
                    break;
                }
                left = changed.awaitNanos(left);
            }
            return List.of();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean ready() {
        lock.lock();
        try {
            return !ready.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long silenceNanos() {
        return TimeUnit.MILLISECONDS.toNanos(sessionMillis);
    }

    @Override
    public void settle(List<? extends Held> batch) {
        toSettle.addAll(batch);
        if (ended) {
            // Nobody else does.
            for (Held held = toSettle.poll(); held != null; held = toSettle.poll()) {
                held.lost("its consumer has ended");
            }
        }
    }

    @Override
    public boolean canDelay(Inbound message, long delayMillis) {
        return false;
    }

    @Override
    public void extend(List<? extends Held> held) {
        throw new IllegalStateException("a record of an ordered queue is ours for as long as its partition is");
    }

    @Override
    public void prefetch(int limit) {
        prefetch = limit;
    }

    /** What is fetched stays here, as what comes after it does. */
    @Override
    public void pause() {
        change(() -> paused = true);
    }

    @Override
    public void resume() {
        change(() -> paused = false);
    }

    @Override
    public List<Inbound> stop() {
        change(() -> stopped = true);
        return List.of();
    }

    private void change(Runnable state) {
        lock.lock();
        try {
            state.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        change(() -> stopped = true);
        closing = true;
        Consumer<byte[], byte[]> mine = consumer;
        if (mine != null) {
            mine.wakeup();
        }
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            onClose.run();
        }
    }
}
