package dev.waybill.kafka;

import dev.waybill.spi.Held;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One share consumer and the thread that owns it: polls when it is its turn and it holds nothing, settles and extends what
 * it holds as others ask it to, and lets go of what they let expire.
 */
final class ShareWorker implements Runnable, Crew.Member {
    private static final Logger LOG = LoggerFactory.getLogger(ShareWorker.class);

    /** While it joins the group, which takes several polls. */
    private static final Duration JOINING_POLL = Duration.ofMillis(100);

    private static final long JOINING_NANOS = TimeUnit.SECONDS.toNanos(5);

    /**
     * Long, because each call of poll has the client's background thread fetch once more, and when calls follow each other that
     * can bring records after a call has returned others: those wait in the client while their locks run out.
     */
    private static final Duration POLL = Duration.ofHours(1);

    /** While acknowledgements ride on it: longer than the broker takes to answer a fetch that brings nothing. */
    private static final Duration RIDING_POLL = Duration.ofSeconds(1);

    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** How long settlements wait for others of the same poll, since each commit costs a request. */
    private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final long STUCK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Supplier<ShareConsumer<byte[], byte[]>> opening;
    private final String topic;
    private final int pollSize;
    private final Crew<ShareWorker> crew;
    private final HandOver out;
    private final RecordReader reader;
    private final LeaderEpochs epochs;
    private final TimeSource time;
    private final LockClock clock;
    private final ConcurrentLinkedQueue<KafkaInbound> settlements = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Held> extensions = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private final Consumer<Throwable> onFailure;

    private volatile @Nullable ShareConsumer<byte[], byte[]> opened;
    private final AtomicBoolean polling = new AtomicBoolean();
    private volatile boolean stopping;
    private volatile boolean closing;
    private volatile boolean ended;
    private long polledAt;
    private long gatheringSince;

    /** Whether the poll before this one ended without records, so that two fetches may be under way. */
    private boolean polledInVain;

    /** Whether its client may have fetched more than the last poll returned. */
    private boolean suspect;

    /** Whether the last poll brought all that it may, so that more is likely to wait. */
    private boolean full;

    private long joiningSince;
    private boolean joined;

    ShareWorker(
            String name,
            Supplier<ShareConsumer<byte[], byte[]>> opening,
            int pollSize,
            KafkaReceiver receiver,
            RecordReader reader,
            LeaderEpochs epochs,
            TimeSource time,
            Duration lock) {
        this.opening = opening;
        this.topic = receiver.topic();
        this.pollSize = pollSize;
        this.crew = receiver.crew();
        this.out = receiver.out();
        this.onFailure = receiver::failed;
        this.reader = reader;
        this.epochs = epochs;
        this.time = time;
        this.clock = new LockClock(lock.toMillis());
        this.thread = new Thread(this, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    @Override
    public int pollSize() {
        return pollSize;
    }

    /** For its metrics; null until it is there. */
    @Nullable
    ShareConsumer<byte[], byte[]> consumer() {
        return opened;
    }

    /** Hands a settlement over; {@link #wake} afterwards. */
    void settle(KafkaInbound message) {
        settlements.add(message);
        // A worker that holds nothing is polling, and looks at nothing: it has let this one go before it looked last.
        if (message.done() && settlements.remove(message)) {
            message.reportLost(Grip.LET_GO);
        }
    }

    /** Hands an extension over; {@link #wake} afterwards. */
    void extend(Held held) {
        extensions.add(held);
        if (((KafkaInbound) held.inbound()).done() && extensions.remove(held)) {
            held.lost(Grip.LET_GO);
        }
    }

    @Override
    public void wake() {
        if (ended) {
            // Too late for the thread: whoever comes now reports it. Each queue gives an element to one caller only.
            reportLeftovers();
        } else {
            LockSupport.unpark(thread);
        }
    }

    /** Has it let go of a message that was not handed over; {@link #wake} afterwards. */
    void giveBack(KafkaInbound message) {
        message.giveBack();
        settle(message);
    }

    /** Ends it as soon as it holds nothing. */
    void stop() {
        wakeUp(false);
    }

    /** Ends it, after the settlements that it has been handed. */
    void close() {
        wakeUp(true);
    }

    private void wakeUp(boolean atOnce) {
        synchronized (polling) {
            stopping = true;
            closing |= atOnce;
            ShareConsumer<byte[], byte[]> consumer = opened;
            // Only out of a poll: a worker that polls has nothing to commit, and a commit that is woken tells no
            // answer.
            if (consumer != null && polling.getAndSet(false)) {
                consumer.wakeup();
            }
        }
        LockSupport.unpark(thread);
    }

    void join(Duration within) throws InterruptedException {
        thread.join(within.toMillis());
    }

    @Override
    public void run() {
        try (ShareConsumer<byte[], byte[]> consumer = opening.get()) {
            opened = consumer;
            Grip grip = new Grip(consumer, clock, time);
            try {
                consumer.subscribe(List.of(topic));
                boolean staying = true;
                while (staying && !closing) {
                    staying = work(consumer, grip);
                }
                note(grip);
                commit(grip);
            } finally {
                release(grip.loseAll());
                try {
                    // Gives back at once what is held and was not settled, and waits for what rides.
                    consumer.close(CLOSE);
                } finally {
                    grip.abandon();
                }
            }
        } catch (Throwable failure) {
            failed(failure);
        } finally {
            ended = true;
            reportLeftovers();
            crew.left(this);
        }
    }

    private void failed(Throwable failure) {
        if (failure instanceof GroupMaxSizeReachedException && crew.doesWithout(this)) {
            LOG.warn("the share group of '{}' takes no more members (the brokers' group.share.max.size)", topic);
        } else {
            LOG.debug("share consumer of '{}' failed", topic, failure);
            onFailure.accept(failure);
        }
    }

    /** One round; false to leave the crew. */
    private boolean work(ShareConsumer<byte[], byte[]> consumer, Grip grip) {
        note(grip);
        extend(grip);
        if (grip.unsettled()) {
            keep(grip);
            return true;
        }
        if (full && grip.mayRide()) {
            release(grip.ride());
        } else {
            commit(grip);
        }
        return switch (crew.next(this, suspect)) {
            case POLL -> {
                poll(consumer, grip);
                yield true;
            }
            case WAIT -> {
                grip.land();
                long began = System.nanoTime();
                LockSupport.parkNanos(this, IDLE_NANOS);
                yield System.nanoTime() - began < IDLE_NANOS || !crew.mayLeave(this);
            }
            case LEAVE -> false; // and closing the client tells what became of what rides
        };
    }

    /** Takes the settlements that were handed over. */
    private void note(Grip grip) {
        for (KafkaInbound next = settlements.poll(); next != null; next = settlements.poll()) {
            grip.settle(next);
        }
    }

    private void commit(Grip grip) {
        if (grip.hasDue()) {
            release(grip.commit());
        }
    }

    private void extend(Grip grip) {
        Held next = extensions.poll();
        if (next == null) {
            return;
        }
        List<Held> asked = new ArrayList<>();
        do {
            asked.add(next);
            next = extensions.poll();
        } while (next != null);
        commit(grip);
        release(grip.renew(asked));
    }

    private void release(int records) {
        if (records > 0) {
            crew.released(records);
        }
    }

    /** While others handle what it holds: lets go of what has expired, keeps what waits in the buffer. */
    private void keep(Grip grip) {
        boolean gathering = grip.hasDue();
        if (!gathering) {
            gatheringSince = System.nanoTime();
        }
        long gathered = System.nanoTime() - gatheringSince;
        if (settlements.isEmpty() && extensions.isEmpty()) {
            LockSupport.parkNanos(this, gathering ? Math.max(1, GATHER_NANOS - gathered) : TICK_NANOS);
        }
        if (gathering && gathered >= GATHER_NANOS) {
            commit(grip);
        }
        if (System.nanoTime() - polledAt > STUCK_NANOS) {
            note(grip);
            commit(grip);
            if (grip.holds()) {
                crew.stuck(this);
                release(grip.expire());
                if (grip.bufferedGrowOld()) {
                    release(grip.renew(List.of()));
                }
            }
        }
    }

    private void poll(ShareConsumer<byte[], byte[]> consumer, Grip grip) {
        long began = time.nanos();
        ConsumerRecords<byte[], byte[]> records;
        try {
            if (joiningSince == 0) {
                joiningSince = System.nanoTime();
            }
            joined |= System.nanoTime() - joiningSince > JOINING_NANOS;
            grip.depart();
            records = pollOnce(consumer, !joined ? JOINING_POLL : grip.rides() ? RIDING_POLL : POLL);
        } catch (RetriableException passing) {
            LOG.debug("poll of '{}' failed, and goes on", topic, passing);
            LockSupport.parkNanos(this, TICK_NANOS);
            return;
        }
        suspect = polledInVain;
        polledInVain = records.isEmpty();
        full = records.count() >= pollSize;
        if (polledInVain) {
            return;
        }
        joined = true;
        polledAt = System.nanoTime();
        consumer.acquisitionLockTimeoutMs().ifPresent(clock::lockMillis);
        take(records, clock.lockedUntil(began, time.nanos()), grip);
    }

    private void take(ConsumerRecords<byte[], byte[]> records, long lockedUntil, Grip grip) {
        HandOver.Poll place = out.next();
        crew.polled(this, records.count());
        List<KafkaInbound> polled = List.of();
        try {
            polled = read(records, lockedUntil);
            grip.take(polled);
        } finally {
            if (!place.fill(polled)) {
                polled.forEach(this::giveBack);
            }
        }
    }

    private ConsumerRecords<byte[], byte[]> pollOnce(ShareConsumer<byte[], byte[]> consumer, Duration wait) {
        synchronized (polling) {
            if (stopping) {
                return ConsumerRecords.empty();
            }
            polling.set(true);
        }
        try {
            return consumer.poll(wait);
        } catch (WakeupException closed) {
            return ConsumerRecords.empty();
        } finally {
            synchronized (polling) {
                polling.set(false);
            }
        }
    }

    private List<KafkaInbound> read(ConsumerRecords<byte[], byte[]> records, long lockedUntil) {
        Map<TopicPartition, Integer> current = epochs.of(records.partitions());
        List<KafkaInbound> polled = new ArrayList<>(records.count());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            Records.Decoded decoded = reader.read(record);
            int count = record.deliveryCount().orElse((short) 1) + decoded.deliveriesBefore();
            boolean redelivered = count > 1 || LeaderEpochs.maybeDeliveredBefore(record, current);
            polled.add(new KafkaInbound(this, time, record, decoded, count, redelivered, lockedUntil));
        }
        return polled;
    }

    private void reportLeftovers() {
        for (KafkaInbound next = settlements.poll(); next != null; next = settlements.poll()) {
            next.reportLost("the receiver was closed before it was settled");
        }
        for (Held next = extensions.poll(); next != null; next = extensions.poll()) {
            next.lost("the receiver was closed");
        }
    }
}
