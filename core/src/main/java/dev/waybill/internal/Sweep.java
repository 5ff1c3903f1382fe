package dev.waybill.internal;

import dev.waybill.DeadLetterFilter;
import dev.waybill.Redrive.Report;
import dev.waybill.Subscription;
import dev.waybill.internal.Handling.Verdict;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes once through the dead letters of a queue as a consumer of them: moves or deletes those that match, and keeps the others,
 * locked, to give them back at the end. When it keeps as many as it may, it puts further ones back at the end of the dead-letter
 * queue, with a mark by which it knows them when they come round.
 */
final class Sweep implements Handling.Verdicts<byte[]> {
    private static final int MOST_KEPT = 500;
    private static final int MOST_REMEMBERED = 100_000;
    private static final int FETCHED_AHEAD = 1_000;
    /** After as many letters as the broker had counted. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** After fewer: the count may have been too high, or a broker is slow to hand out the first. */
    private static final long LONG_QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final Duration LAST_MOVES = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    private final WaybillRuntime runtime;
    private final Engine engine;
    private final Destination dead;
    private final @Nullable Lanes target;
    private final DeadLetterFilter filter;
    private final long gapNanos;
    private final long limit;
    private final Consumer<Report> listener;
    private final @Nullable PurgedPayloads payloads;

    private final String mark = MessageIds.next();
    private final long startedMillis;
    private final Set<String> moving = new HashSet<>();
    private final AtomicLong moved = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong looked = new AtomicLong();
    private final AtomicLong matched = new AtomicLong();
    private volatile boolean complete;
    private volatile @Nullable RuntimeException broken;
    private volatile boolean busy;
    private volatile long quietSince = System.nanoTime();
    private long there;
    private long comeRound;
    private long kept;
    private long nextNanos = System.nanoTime();
    private @Nullable Moves<byte[]> moves;

    /**
     * @param target null to delete
     * @param perSecond 0 for as fast as it goes
     * @param payloads what is told of the letters that are deleted, and of those that it sees stay; or null
     */
    Sweep(
            WaybillRuntime runtime,
            Engine engine,
            Destination dead,
            @Nullable Lanes target,
            DeadLetterFilter filter,
            double perSecond,
            long limit,
            Consumer<Report> listener,
            @Nullable PurgedPayloads payloads) {
        this.runtime = runtime;
        this.engine = engine;
        this.dead = dead;
        this.target = target;
        this.filter = filter;
        this.gapNanos = perSecond == 0 ? 0 : (long) (1e9 / perSecond);
        this.limit = limit;
        this.listener = listener;
        this.payloads = payloads;
        startedMillis = engine.time().epochMillis();
    }

    Report run() {
        there = WaybillRuntime.asking(
                "cannot count " + dead, () -> engine.broker().depth(dead));
        boolean interrupted = false;
        SubscriptionImpl<byte[]> subscription = runtime.sweep(dead, this, FETCHED_AHEAD);
        try {
            while (!over()) {
                if (subscription.state() == Subscription.State.RECOVERING) {
                    // The letters are still there.
                    quietSince = System.nanoTime();
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        } catch (InterruptedException stop) {
            interrupted = true;
        } finally {
            complete = true;
            // Not as an interrupted thread, which waits for nothing: what is on its way would be there and here.
            subscription.close(LAST_MOVES);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        RuntimeException failure = broken;
        if (failure != null) {
            throw failure;
        }
        return report();
    }

    private boolean over() {
        if (complete) {
            return true;
        }
        long quiet = busy ? 0 : System.nanoTime() - quietSince;
        return quiet > (looked.get() >= there && there > 0 ? QUIET_NANOS : LONG_QUIET_NANOS);
    }

    private Report report() {
        return new Report(looked.get(), matched.get(), moved.get(), failed.get());
    }

    void begin(Moves<byte[]> moves) {
        this.moves = moves;
    }

    /** On the one thread of the subscription. */
    @Override
    public void on(HeldMessage<byte[]> message, Verdict verdict) {
        busy = true;
        try {
            sort(message);
        } finally {
            quietSince = System.nanoTime();
            busy = false;
        }
    }

    @SuppressWarnings("NullAway") // begin comes first
    private void sort(HeldMessage<byte[]> message) {
        Envelope envelope = message.inbound().envelope();
        if (mark.equals(envelope.headers().get(CoreHeaders.SWEPT))) {
            // Where the broker keeps no order, others may still come that it has counted; but not for ever.
            complete |= looked.get() >= there || ++comeRound > 2 * there;
            if (!complete) {
                keep(message, envelope);
                return;
            }
        }
        if (complete) {
            stays(envelope);
            message.decide(Disposition.RELEASE);
            return;
        }
        DeadLetterView letter = new DeadLetterView(envelope, dead.queue().name());
        // By the clock only when as many have been seen as there were: that of the broker or of another process may be
        // ahead.
        boolean diedMeanwhile = moving.contains(letter.id())
                || looked.get() >= there
                        && letter.diedAt()
                                .filter(time -> time.toEpochMilli() > startedMillis)
                                .isPresent();
        if (!diedMeanwhile) {
            looked.incrementAndGet();
        }
        if (diedMeanwhile || !matches(letter)) {
            keep(message, envelope);
            return;
        }
        matched.incrementAndGet();
        pace();
        if (target == null) {
            if (payloads != null) {
                payloads.goesWith(message);
            }
            count(message.decide(Disposition.ACCEPT));
        } else {
            if (moving.size() < MOST_REMEMBERED) {
                moving.add(letter.id());
            }
            Map<String, String> headers = DeadLetterView.withoutDeath(envelope.headers());
            headers.put(CoreHeaders.DELIVERIES, "0");
            if (target.policy() != null) {
                headers.put(CoreHeaders.SINCE, Long.toString(engine.time().epochMillis()));
            }
            moves.to(target.of(message.priority()), message, CoreHeaders.with(envelope, headers), this::redriven);
        }
        complete |= matched.get() >= limit;
    }

    /** A filter that throws ends the sweep, and is what it fails with. */
    private boolean matches(DeadLetterView letter) {
        try {
            return filter.matches(letter);
        } catch (RuntimeException thrown) {
            broken = thrown;
            complete = true;
            return false;
        }
    }

    private void redriven(boolean done) {
        if (done) {
            engine.observer().redriven(dead.queue().name());
        }
        count(done);
    }

    private void count(boolean done) {
        (done ? moved : failed).incrementAndGet();
        try {
            listener.accept(report());
        } catch (RuntimeException thrown) {
            LOG.warn("a listener of the progress failed", thrown);
        }
    }

    @SuppressWarnings("NullAway") // as above
    private void keep(HeldMessage<byte[]> message, Envelope envelope) {
        stays(envelope);
        if (kept < Math.min(MOST_KEPT, engine.limits().maxKept())) {
            kept++;
            moves.keep(message);
            return;
        }
        Map<String, String> headers = new LinkedHashMap<>(envelope.headers());
        headers.put(CoreHeaders.SWEPT, mark);
        moves.to(dead, message, CoreHeaders.with(envelope, headers), done -> {});
    }

    private void stays(Envelope envelope) {
        if (payloads != null) {
            payloads.stays(envelope);
        }
    }

    private void pace() {
        long left = nextNanos - System.nanoTime();
        while (left > 0 && !complete) {
            java.util.concurrent.locks.LockSupport.parkNanos(this, Math.min(left, TimeUnit.MILLISECONDS.toNanos(50)));
            left = nextNanos - System.nanoTime();
        }
        // What was slow is not made up for.
        nextNanos = Math.max(nextNanos, System.nanoTime() - gapNanos) + gapNanos;
    }
}
