package dev.waybill.internal;

import dev.waybill.Health;
import dev.waybill.ProducerOptions;
import dev.waybill.SendException;
import dev.waybill.SendException.Reason;
import dev.waybill.internal.PendingSend.SendCall;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Limits;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sending side of one destination, written once for all brokers: it bounds what is in flight, batches, keeps the order,
 * times out, and opens the sender again when the connection is lost.
 *
 * <p>There is no sending thread. A caller puts its message into the queue, and if nobody is handing over, hands over what is
 * there, its own message and those that others put meanwhile. So a lone caller reaches the client without a thread hop, and
 * many callers, or a slow broker, fill batches by themselves.
 */
final class SendPipe {
    private static final Logger LOG = LoggerFactory.getLogger(SendPipe.class);

    private final Engine engine;
    private final Destination destination;
    private final ProducerOptions options;
    private final Limits limits;
    private final int maxCalls;
    private final boolean moves;
    private final long timeoutNanos;
    private final Future<?> sweeping;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final ArrayDeque<PendingSend> queued = new ArrayDeque<>();
    private @Nullable PendingSend oldest;
    private @Nullable PendingSend newest;
    private int inFlight;
    private long bytesInFlight;
    private int waiting;
    private int openCalls;
    private boolean handingOver;
    private boolean closed;
    /** Whether the close waits for nothing any more. */
    private boolean ended;

    private @Nullable Sender sender;
    private @Nullable Listener listener;
    private boolean reopening;
    /** Whether it was never open, and nothing was wrong so far. */
    private boolean opening;

    private @Nullable String trouble;
    private final Backoff backoff = new Backoff();

    /** Only touched by the one thread that is handing over. */
    private final ArrayList<PendingSend> batch = new ArrayList<>();
    /** Likewise; what is not to be handed over any more. */
    private final ArrayList<PendingSend> withdrawn = new ArrayList<>();

    /**
     * Opens the sender, or has it opened: then what is sent waits for that as when the connection is lost.
     *
     * @param moves whether what is sent was received by us before
     * @param later whether to open it in the background
     */
    SendPipe(Engine engine, Destination destination, ProducerOptions options, boolean moves, boolean later) {
        this.moves = moves;
        this.engine = engine;
        this.destination = destination;
        this.options = options;
        limits = engine.limits();
        maxCalls = maxCalls(limits, destination);
        timeoutNanos = options.sendTimeout().toNanos();
        opening = later;
        reopening = later;
        if (!later) {
            Listener first = new Listener();
            listener = first;
            sender = engine.broker().sender(destination, first);
        }
        long tick = Math.max(10, Math.min(1000, options.sendTimeout().toMillis() / 10));
        sweeping = engine.timer().every(tick, this::sweep);
        if (later) {
            engine.blocking().execute(this::tryOpen);
        }
    }

    /** Calls that are open at once, and that the client does not put in order itself, may overtake each other. */
    private static int maxCalls(Limits limits, Destination destination) {
        return destination.ordered() && limits.maxSendCalls() != Integer.MAX_VALUE ? 1 : limits.maxSendCalls();
    }

    /** Whether what is sent was received by us before. */
    boolean moves() {
        return moves;
    }

    /** Whether the broker is to keep its messages apart by priority. */
    boolean prioritized() {
        return destination.queue().priorities() > 0
                && destination.queue().lane() == 0
                && destination.role() == Role.MAIN;
    }

    /** @param delayMillis how long the broker is to keep it back, at most what it can */
    PendingSend send(Envelope envelope, long delayMillis) {
        return send(envelope, delayMillis, SendPipe::never);
    }

    private static boolean never() {
        return false;
    }

    /** @param withdrawn is asked when its turn has come, and true cancels it; cheap, since it is asked under a lock */
    PendingSend send(Envelope envelope, long delayMillis, BooleanSupplier withdrawn) {
        long size = envelope.size();
        PendingSend send = new PendingSend(this, envelope, delayMillis, withdrawn, size, System.nanoTime());
        Optional<String> tooLarge = limits.tooLarge(size);
        if (tooLarge.isPresent()) {
            return refused(send, Reason.TOO_LARGE, tooLarge.get());
        }
        lock.lock();
        try {
            while (!closed && full(size)) {
                long left = timeoutNanos - (System.nanoTime() - send.startNanos);
                if (left <= 0) {
                    return refused(
                            send,
                            blockedReason(),
                            "no room in flight within " + options.sendTimeout() + blockedDetail());
                }
                waiting++;
                try {
                    room.awaitNanos(left);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    return refused(send, Reason.INTERRUPTED, "the thread was interrupted while it waited for room");
                } finally {
                    waiting--;
                }
            }
            if (closed) {
                return refused(send, Reason.CLOSED, "the producer is closed");
            }
            inFlight++;
            bytesInFlight += send.size;
            link(send);
            queued.add(send);
            if (handingOver || !canHandOver()) {
                return send;
            }
            handingOver = true;
        } finally {
            lock.unlock();
        }
        handOver();
        return send;
    }

    private PendingSend refused(PendingSend send, Reason reason, String detail) {
        send.completeExceptionally(failure(send, reason, false, detail, null));
        engine.observer().sent(destination.queue().name(), false, System.nanoTime() - send.startNanos);
        return send;
    }

    private boolean full(long size) {
        return inFlight >= options.maxInFlight() || inFlight > 0 && bytesInFlight + size > options.maxInFlightBytes();
    }

    /** Under the lock. Notices a lost connection on the way. */
    private boolean canHandOver() {
        if (queued.isEmpty() || openCalls >= maxCalls) {
            return false;
        }
        Sender current = sender;
        if (current == null || blocked()) {
            return false;
        }
        if (!current.usable()) {
            reopen("the connection is lost");
            return false;
        }
        return true;
    }

    private boolean blocked() {
        Listener current = listener;
        return current != null && current.blocked != null;
    }

    /** By the one thread that set {@code handingOver}. */
    private void handOver() {
        while (true) {
            Sender target;
            lock.lock();
            try {
                batch.clear();
                if (!canHandOver()) {
                    handingOver = false;
                    return;
                }
                target = sender;
                fillBatch();
            } finally {
                lock.unlock();
            }
            withdrawn.forEach(send -> send.cancel(false));
            withdrawn.clear();
            if (target != null && !batch.isEmpty()) {
                target.send(batch);
            }
        }
    }

    private void fillBatch() {
        @Nullable SendCall call = maxCalls == Integer.MAX_VALUE ? null : new SendCall();
        long bytes = 0;
        for (PendingSend next = queued.peek(); next != null; next = queued.peek()) {
            if (next.withdrawn.getAsBoolean()) {
                queued.poll();
                next.reported = true;
                release(next);
                withdrawn.add(next);
                continue;
            }
            bytes += next.size;
            if (!batch.isEmpty() && (batch.size() == limits.maxSendBatch() || bytes > limits.maxSendBatchBytes())) {
                break;
            }
            queued.poll();
            next.handedOver = true;
            next.call = call;
            batch.add(next);
        }
        if (call != null && !batch.isEmpty()) {
            call.open = batch.size();
            openCalls++;
        }
    }

    /** The adapter says how a message went, or it never got that far. */
    void reported(PendingSend send, @Nullable SendException failure) {
        boolean resume;
        lock.lock();
        try {
            if (send.reported) {
                return;
            }
            send.reported = true;
            release(send);
            resume = !handingOver && canHandOver();
            handingOver |= resume;
        } finally {
            lock.unlock();
        }
        complete(send, failure);
        if (resume) {
            handOver();
        }
    }

    private void release(PendingSend send) {
        unlink(send);
        inFlight--;
        bytesInFlight -= send.size;
        SendCall call = send.call;
        if (call != null && --call.open == 0) {
            openCalls--;
        }
        if (waiting > 0 || closed) {
            room.signalAll();
        }
    }

    private void complete(PendingSend send, @Nullable SendException failure) {
        boolean first = failure == null ? send.complete(null) : send.completeExceptionally(failure);
        if (first) {
            engine.observer().sent(destination.queue().name(), failure == null, System.nanoTime() - send.startNanos);
        }
    }

    /**
     * Fails what has waited too long. What was already handed over stays counted until the adapter reports it; a sender that
     * leaves a message unanswered for so long, without saying that it is blocked, is closed and opened again.
     */
    private void sweep() {
        List<PendingSend> late = new ArrayList<>();
        lock.lock();
        try {
            long now = System.nanoTime();
            boolean unanswered = false;
            for (PendingSend send = oldest; send != null && now - send.startNanos >= timeoutNanos; send = oldest) {
                late.add(send);
                if (send.handedOver) {
                    unlink(send);
                    unanswered = true;
                } else {
                    send.reported = true;
                    queued.remove(send);
                    release(send);
                }
            }
            Sender current = sender;
            if (unanswered && !blocked()) {
                reopen("no answer within " + options.sendTimeout());
            } else if (current != null && !current.usable()) {
                reopen("the connection is lost");
            }
        } finally {
            lock.unlock();
        }
        if (!late.isEmpty()) {
            // What the application does then may block, which the timer must not.
            engine.blocking().execute(() -> late.forEach(this::completeLate));
        }
    }

    private void completeLate(PendingSend send) {
        String detail = send.handedOver
                ? "no answer within " + options.sendTimeout()
                : "not handed to the broker within " + options.sendTimeout();
        complete(send, failure(send, blockedReason(), send.handedOver, detail + blockedDetail(), null));
    }

    private Reason blockedReason() {
        return blocked() ? Reason.BLOCKED : Reason.TIMED_OUT;
    }

    private String blockedDetail() {
        Listener current = listener;
        String reason = current == null ? null : current.blocked;
        return reason != null ? "; the broker blocks publishers: " + reason : trouble != null ? "; " + trouble : "";
    }

    SendException failure(
            PendingSend send, Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
        return new SendException(
                reason, maybeStored, destination.toString(), send.envelope().id(), detail, cause);
    }

    /** Under the lock. */
    private void reopen(String why) {
        if (reopening || closed) {
            return;
        }
        reopening = true;
        trouble = why;
        Sender broken = sender;
        sender = null;
        LOG.warn("sender to {}: {}; opening it again", destination, why);
        engine.observer().recovering(destination.queue().name());
        engine.blocking().execute(() -> {
            try {
                if (broken != null) {
                    broken.close();
                }
            } finally {
                tryOpen();
            }
        });
    }

    private void tryOpen() {
        Listener fresh = new Listener();
        Sender opened;
        lock.lock();
        try {
            if (ended) {
                return;
            }
            // Before the sender is there, since it may report from the start that the broker blocks.
            listener = fresh;
        } finally {
            lock.unlock();
        }
        try {
            opened = engine.broker().sender(destination, fresh);
        } catch (Throwable failed) {
            // Of whatever kind: nobody else opens it, and who sends waits for that.
            retryOpen(failed);
            return;
        }
        boolean unwanted;
        boolean again = false;
        boolean resume = false;
        lock.lock();
        try {
            unwanted = ended;
            if (!ended) {
                sender = opened;
                reopening = false;
                opening = false;
                again = trouble != null;
                trouble = null;
                backoff.reset();
                resume = !handingOver && canHandOver();
                handingOver |= resume;
            }
        } finally {
            lock.unlock();
        }
        if (unwanted) {
            opened.close();
        } else if (again) {
            LOG.info("sender to {} is open again", destination);
        }
        if (resume) {
            handOver();
        }
    }

    private void retryOpen(Throwable failed) {
        lock.lock();
        try {
            opening = false;
            if (closed) {
                room.signalAll();
                return;
            }
            trouble = String.valueOf(failed.getMessage());
            long wait = backoff.nextMillis();
            if (failed instanceof BrokerException) {
                LOG.warn("sender to {} cannot be opened: {}; trying again in {} ms", destination, trouble, wait);
            } else {
                LOG.error("sender to {} cannot be opened; trying again in {} ms", destination, wait, failed);
            }
            engine.timer().after(wait, () -> engine.blocking().execute(this::tryOpen));
        } finally {
            lock.unlock();
        }
    }

    /** @param name of the queue */
    Health.Component health(String name) {
        lock.lock();
        try {
            if (closed) {
                return new Health.Component("producer", name, Health.Status.DOWN, "closed");
            }
            if (sender == null && !opening) {
                return new Health.Component(
                        "producer", name, Health.Status.DEGRADED, "recovering: " + trouble, inFlight);
            }
            return blocked()
                    ? new Health.Component(
                            "producer",
                            name,
                            Health.Status.DEGRADED,
                            blockedDetail().substring(2),
                            inFlight)
                    : new Health.Component("producer", name, Health.Status.UP, inFlight + " in flight", inFlight);
        } finally {
            lock.unlock();
        }
    }

    /** Waits for what is in flight, at most for the send timeout; then what is left fails. */
    void close() {
        close(timeoutNanos);
    }

    /** The same, with another bound of the wait. */
    void close(long mostNanos) {
        List<PendingSend> left = List.of();
        @Nullable Sender last = null;
        boolean interrupted = false;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            room.signalAll();
            long end = System.nanoTime() + Math.min(timeoutNanos, mostNanos);
            while (inFlight > 0 && (sender != null || opening) && System.nanoTime() - end < 0) {
                waiting++;
                try {
                    room.awaitNanos(Math.max(1, end - System.nanoTime()));
                } catch (InterruptedException stop) {
                    interrupted = true;
                    break;
                } finally {
                    waiting--;
                }
            }
            ended = true;
            last = sender;
            sender = null;
            left = new ArrayList<>(queued);
            queued.clear();
        } finally {
            lock.unlock();
        }
        sweeping.cancel(false);
        left.forEach(send -> send.failed(Reason.CLOSED, false, "the producer was closed first", null));
        if (last != null) {
            last.close();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void link(PendingSend send) {
        send.older = newest;
        if (newest == null) {
            oldest = send;
        } else {
            newest.newer = send;
        }
        newest = send;
    }

    private void unlink(PendingSend send) {
        PendingSend before = send.older;
        PendingSend after = send.newer;
        if (before == null && oldest != send) {
            return;
        }
        if (before == null) {
            oldest = after;
        } else {
            before.newer = after;
        }
        if (after == null) {
            newest = before;
        } else {
            after.older = before;
        }
        send.older = null;
        send.newer = null;
    }

    /** Hears one sender; a new one hears the next, so that a late word of an old sender does no harm. */
    private final class Listener implements SenderListener {
        private volatile @Nullable String blocked;

        @Override
        public void blocked(String reason) {
            blocked = reason;
            LOG.warn("the broker blocks publishers of {}: {}", destination, reason);
        }

        @Override
        public void unblocked() {
            blocked = null;
            LOG.info("the broker takes messages of {} again", destination);
            boolean resume;
            lock.lock();
            try {
                resume = listener == this && !handingOver && canHandOver();
                handingOver |= resume;
            } finally {
                lock.unlock();
            }
            if (resume) {
                handOver();
            }
        }
    }
}
