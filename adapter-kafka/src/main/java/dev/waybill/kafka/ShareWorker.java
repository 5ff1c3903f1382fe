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
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
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

    /** While it joins the group: only a call of poll takes over what the coordinator has assigned. */
    private static final Duration JOINING_POLL = Duration.ofMillis(100);

    /**
     * Long, because each call of poll has the client's background thread fetch once more, and when calls follow each other that
     * can bring records after a call has returned others: those wait in the client while their locks run out. Shorter where
     * {@link Markers} says so.
     */
    private static final Duration POLL = Duration.ofHours(1);

    /** While acknowledgements ride on it: longer than the broker takes to answer a fetch that brings nothing. */
    private static final Duration RIDING_POLL = Duration.ofSeconds(1);

    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /**
     * How long the first settlements of a poll wait for others, and those after a commit again, since each commit costs a
     * request. Not longer: who waits for each settlement would make its worker look stuck.
     */
    private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** How long those that are to ride wait for their poll. */
    private static final long BOARDING_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /**
     * After holding its records for so long another worker takes over. Not sooner: the client of the stuck one may hold the records
     * that come next, which would then come after those of the other.
     */
    private static final long STUCK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Supplier<ShareConsumer<byte[], byte[]>> opening;
    private final String topic;
    private final int pollSize;
    private final Crew<ShareWorker> crew;
    private final Markers markers;
    private final HandOver out;
    private final RecordReader reader;
    private final FirstDeliveries firstDeliveries;
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
    private long boardedAt;

    /** How many polls have ended without records since the last with some; after one, two fetches may be under way. */
    private int inVain;

    /** Until it is given a partition, before which nothing is fetched. */
    private boolean joining = true;

    /** Whether the last poll brought all that it may, and that is much, so that more is likely to wait. */
    private boolean full;

    ShareWorker(
            String name,
            Supplier<ShareConsumer<byte[], byte[]>> opening,
            int pollSize,
            KafkaReceiver receiver,
            RecordReader reader,
            FirstDeliveries firstDeliveries,
            TimeSource time,
            Duration lock) {
        this.opening = opening;
        this.topic = receiver.topic();
        this.pollSize = pollSize;
        this.crew = receiver.crew();
        this.markers = receiver.markers();
        this.out = receiver.out();
        this.onFailure = receiver::failed;
        this.reader = reader;
        this.firstDeliveries = firstDeliveries;
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
        if (full && !markers.likely() && grip.mayRide()) {
            release(grip.ride());
            boardedAt = System.nanoTime();
        } else {
            commit(grip);
        }
        return switch (crew.next(this)) {
            case POLL -> {
                poll(consumer, grip);
                yield true;
            }
            case WAIT -> await(grip);
            case LEAVE -> false; // and closing the client tells what became of what rides
        };
    }

    /** Waits for its turn; false to leave the crew. */
    private boolean await(Grip grip) {
        long began = System.nanoTime();
        if (grip.waitsToRide()) {
            // Where records are known to wait its turn is likely to come in a moment.
            long left = BOARDING_NANOS - (began - boardedAt);
            if (left > 0) {
                LockSupport.parkNanos(this, left);
                return true;
            }
            grip.land();
        }
        LockSupport.parkNanos(this, IDLE_NANOS);
        return System.nanoTime() - began < IDLE_NANOS || !crew.mayLeave(this);
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
        long gathered = System.nanoTime() - gatheringSince;
        if (settlements.isEmpty() && extensions.isEmpty()) {
            LockSupport.parkNanos(this, gathering ? Math.max(1, GATHER_NANOS - gathered) : TICK_NANOS);
        }
        if (gathering && gathered >= GATHER_NANOS) {
            commit(grip);
            gatheringSince = System.nanoTime();
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
            grip.depart();
            records = pollOnce(
                    consumer, joining ? JOINING_POLL : markers.poll(grip.rides() ? RIDING_POLL : POLL, inVain));
        } catch (RetriableException passing) {
            LOG.debug("poll of '{}' failed, and goes on", topic, passing);
            LockSupport.parkNanos(this, TICK_NANOS);
            return;
        }
        joining = joining && records.isEmpty() && !assigned(consumer);
        boolean maybeMore = inVain > 0;
        inVain = records.isEmpty() ? inVain + 1 : 0;
        full = records.count() >= pollSize && PollSize.wholeBatches(pollSize);
        if (records.isEmpty()) {
            return;
        }
        markers.look(records);
        polledAt = System.nanoTime();
        gatheringSince = polledAt;
        consumer.acquisitionLockTimeoutMs().ifPresent(clock::lockMillis);
        HandOver.Poll place = out.next();
        crew.polled(this, records.count(), maybeMore);
        take(records, clock.lockedUntil(began, time.nanos()), place, grip);
    }

    /** By the client's own count: it has no other way to tell. */
    private static boolean assigned(ShareConsumer<byte[], byte[]> consumer) {
        for (Map.Entry<MetricName, ? extends Metric> metric : consumer.metrics().entrySet()) {
            if (metric.getKey().name().equals("rebalance-total")) {
                return metric.getValue().metricValue() instanceof Number number && number.doubleValue() > 0;
            }
        }
        return false;
    }

    private void take(ConsumerRecords<byte[], byte[]> records, long lockedUntil, HandOver.Poll place, Grip grip) {
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
        FirstDeliveries.Arrival arrival = firstDeliveries.arrived(records);
        List<KafkaInbound> polled = new ArrayList<>(records.count());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            Records.Decoded decoded = reader.read(record);
            polled.add(new KafkaInbound(this, time, record, decoded, arrival, lockedUntil));
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
