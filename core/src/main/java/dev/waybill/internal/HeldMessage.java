package dev.waybill.internal;

import dev.waybill.Delivery;
import dev.waybill.PriorityPolicy;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * One received message from its receipt to its settlement, in one object: what the handler sees, and what the adapter reports
 * to. Its life: held, decided (by the handler's outcome or by the end of the subscription, whichever comes first), done.
 */
final class HeldMessage<T> implements Held, Delivery<T> {
    private static final int HELD = 0;
    private static final int DECIDED = 1;
    private static final int DONE = 2;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<HeldMessage> STATE =
            AtomicIntegerFieldUpdater.newUpdater(HeldMessage.class, "state");

    private final Inbound inbound;
    private final Lane lane;
    /** How often it was tried before, since it was received. */
    private final int tries;
    /** Whether a handler may have had it before, since it was received. */
    private volatile boolean repeated;

    private final long risesSince;

    private volatile int state;
    private @Nullable Disposition disposition;
    private long delayMillis;
    private @Nullable T payload;
    private @Nullable Claim claim;
    private volatile boolean lockLost;

    /** Whether it is to be handled later, as the same delivery; only touched by the worker that has it. */
    private boolean heldBack;

    private boolean tried;

    private volatile boolean passing;

    /** Whether an extension is under way; only touched by the heartbeat and its report. */
    private volatile boolean extending;

    HeldMessage(Inbound inbound, Lane lane) {
        this(inbound, lane, lane.risesSinceMillis(inbound.envelope()), 0, false);
    }

    private HeldMessage(Inbound inbound, Lane lane, long risesSince, int tries, boolean repeated) {
        this.inbound = inbound;
        this.risesSince = risesSince;
        this.lane = lane;
        this.tries = tries;
        this.repeated = repeated;
    }

    /** Its next delivery, without going back to the broker, which takes its place; null if it is decided. */
    @Nullable
    HeldMessage<T> again(boolean tried) {
        synchronized (this) {
            if (state != HELD) {
                return null;
            }
            state = DONE;
        }
        HeldMessage<T> next = new HeldMessage<>(inbound, lane, risesSince, tried ? tries + 1 : tries, true);
        next.lockLost = lockLost;
        return next;
    }

    boolean decide(Disposition disposition) {
        return decide(disposition, 0);
    }

    /** Decides what becomes of it, if nobody has; the settlement goes out with the next flush. */
    boolean decide(Disposition disposition, long delayMillis) {
        if (state != HELD) {
            return false;
        }
        synchronized (this) {
            if (state != HELD) {
                return false;
            }
            this.disposition = disposition;
            this.delayMillis = delayMillis;
            state = DECIDED;
        }
        lane.settle(this);
        return true;
    }

    void decoded(T payload) {
        this.payload = payload;
    }

    /** Its payload is in a store. */
    void claim(Claim claim) {
        this.claim = claim;
    }

    /** Its payload's place in a store; null if the payload came with it. */
    @Nullable
    Claim claim() {
        return claim;
    }

    /** It is to be handled later, as the same delivery. */
    void holdBack(boolean tried) {
        heldBack = true;
        this.tried = tried;
        if (tried) {
            repeated = true;
        }
    }

    boolean heldBack() {
        return heldBack;
    }

    /** The end of {@link #holdBack}; whether it had been tried. */
    boolean takeBack() {
        heldBack = false;
        return tried;
    }

    /** Whether it is done with, so that what comes after it may go on; else it is still to come. */
    boolean accepted() {
        return state != HELD && disposition == Disposition.ACCEPT;
    }

    /** Whether its lock ends by time. */
    boolean timed() {
        return inbound.lockedUntilNanos() != Inbound.NO_LOCK_END;
    }

    boolean isHeld() {
        return state == HELD;
    }

    Lane lane() {
        return lane;
    }

    /** Whether it was delayed, and is to go on to where its level counts; {@link #isPassing} remembers that. */
    boolean startPassing() {
        passing = lane.passes() && defect() == null;
        return passing;
    }

    boolean isPassing() {
        return passing;
    }

    boolean startExtending() {
        if (extending || state != HELD || lockLost) {
            return false;
        }
        extending = true;
        return true;
    }

    private void finish(boolean lost) {
        if (STATE.compareAndSet(this, DECIDED, DONE)) {
            Claim claim = this.claim;
            if (claim != null && !lost && disposition == Disposition.ACCEPT) {
                claim.acknowledged();
            }
            lane.done(this, lost);
        }
    }

    @Override
    public Inbound inbound() {
        return inbound;
    }

    @Override
    public Disposition disposition() {
        Disposition decided = disposition;
        if (decided == null) {
            throw new IllegalStateException(id() + " is not decided");
        }
        return decided;
    }

    @Override
    public long delayMillis() {
        return delayMillis;
    }

    @Override
    public void settled() {
        finish(false);
    }

    @Override
    public void lost(String why) {
        lockLost = true;
        finish(true);
    }

    @Override
    public void failed(BrokerException cause) {
        if (lockEnded(lane.nanos())) {
            lost("its lock ended before the settlement was taken: " + cause.getMessage());
        } else if (state == DECIDED) {
            lane.settleLater(this, cause);
        }
    }

    /** Whether it is decided, or not ours any more: whatever is done for it now is done once too often. */
    boolean gone() {
        return state != HELD || lockGone(lane.nanos());
    }

    /** Whether the lock is not ours any more, as the broker has said or the clock says. */
    boolean lockGone(long nanos) {
        return lockLost || lockEnded(nanos);
    }

    /** Whether the lock is certainly gone. */
    private boolean lockEnded(long nanos) {
        return inbound.lost()
                || lane.stoodStill(nanos)
                || inbound.lockedUntilNanos() != Inbound.NO_LOCK_END && nanos - inbound.lockedUntilNanos() >= 0;
    }

    @Override
    public void extended() {
        throw new IllegalStateException("an extension is reported to what was given to extend");
    }

    @Override
    public T payload() {
        T decoded = payload;
        if (decoded == null) {
            throw new IllegalStateException(id() + " is not decoded");
        }
        return decoded;
    }

    @Override
    public String id() {
        return inbound.envelope().id();
    }

    @Override
    public Optional<String> key() {
        return Optional.ofNullable(inbound.envelope().key());
    }

    @Override
    public int bodyBytes() {
        return inbound.envelope().body().length;
    }

    @Override
    public Map<String, String> headers() {
        return CoreHeaders.without(inbound.envelope().headers());
    }

    /** Whether it is among the dead letters, which are handed over as they are. */
    boolean dead() {
        return lane.ofDeadLetters();
    }

    /** Whether it was delivered as often as it may be before this time. */
    boolean exhausted() {
        return deliveryCount() > lane.maxDeliveries() && !dead();
    }

    /** What is wrong with its envelope, or null. */
    @Nullable
    String defect() {
        String defect = inbound.defect();
        Map<String, String> headers = inbound.envelope().headers();
        return defect != null || headers.isEmpty() ? defect : CoreHeaders.defect(headers, lane.epochMillis());
    }

    /** How long it is to wait before it may be handled; not positive if it may be now. */
    long notDueMillis() {
        long due = CoreHeaders.due(inbound.envelope().headers());
        return due == 0 ? 0 : due - lane.epochMillis();
    }

    @Override
    public String queue() {
        return lane.queue();
    }

    @Override
    public long sentAtMillis() {
        return inbound.envelope().sentAtMillis();
    }

    @Override
    public long waitingSinceMillis() {
        Envelope envelope = inbound.envelope();
        boolean handledBefore =
                repeated || deliveryCount() > 1 || envelope.headers().containsKey(CoreHeaders.DELIVERIES);
        return handledBefore ? 0 : CoreHeaders.since(envelope);
    }

    @Override
    public int priority() {
        return lane.priority(inbound.envelope());
    }

    /** Since when it has risen by its waiting, in milliseconds since 1970; 0 if nothing does in its queue. */
    long risesSinceMillis() {
        return risesSince;
    }

    @Override
    public Optional<PriorityPolicy.Tier> tier() {
        return lane.tier(priority());
    }

    @Override
    public int deliveryCount() {
        return inbound.deliveryCount()
                + tries
                + CoreHeaders.deliveriesBefore(inbound.envelope().headers());
    }

    @Override
    public boolean redelivered() {
        return repeated || inbound.envelope().headers().containsKey(CoreHeaders.DELIVERIES) || inbound.redelivered();
    }

    @Override
    public boolean lockLost() {
        return lockLost || inbound.lost() || lane.stoodStill(lane.nanos());
    }

    @Override
    public String toString() {
        Envelope envelope = inbound.envelope();
        return "delivery " + deliveryCount() + " of message " + envelope.id() + " from " + queue();
    }

    /** One extension of the lock; apart, so that its report is not mistaken for that of the settlement. */
    static final class Extension implements Held {
        private final HeldMessage<?> message;

        Extension(HeldMessage<?> message) {
            this.message = message;
        }

        @Override
        public Inbound inbound() {
            return message.inbound;
        }

        @Override
        public Disposition disposition() {
            throw new IllegalStateException(message + " is to be extended, not settled");
        }

        @Override
        public void settled() {
            throw new IllegalStateException(message + " is to be extended, not settled");
        }

        @Override
        public void extended() {
            message.extending = false;
        }

        @Override
        public void lost(String why) {
            message.extending = false;
            // An extension may cross a settlement, after which there is no lock to extend; the settlement says what
            // became
            // of the message.
            if (message.isHeld()) {
                message.lockLost = true;
                message.lane.lockLost(message, why);
            }
        }

        @Override
        public void failed(BrokerException cause) {
            // The next beat tries again; if none succeeds the lock ends and is reported lost.
            message.extending = false;
        }
    }
}
