package dev.waybill.inmemory;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Inbound;
import org.jspecify.annotations.Nullable;

/** One delivery of one message; while it is locked, a link in its queue's {@link Locks}. Changed under the queue's lock. */
final class Receipt implements Inbound {
    private final Envelope envelope;
    private final InMemoryReceiver receiver;
    private final short lane;
    private final long sequence;
    private final boolean redelivered;
    private final int deliveryCount;

    private boolean counts = true;
    private volatile long lockedUntil;
    private volatile State state = State.HELD;

    @Nullable
    Receipt previous;

    @Nullable
    Receipt next;

    /** The first delivery. */
    Receipt(Envelope envelope, InMemoryReceiver receiver, int lane, long sequence, long lockedUntil) {
        this.envelope = envelope;
        this.receiver = receiver;
        this.lane = (short) lane;
        this.sequence = sequence;
        this.lockedUntil = lockedUntil;
        redelivered = false;
        deliveryCount = 1;
    }

    /** The delivery after another one. */
    Receipt(Receipt before, InMemoryReceiver receiver, long lockedUntil) {
        envelope = before.envelope;
        this.receiver = receiver;
        lane = before.lane;
        sequence = before.sequence;
        this.lockedUntil = lockedUntil;
        redelivered = true;
        deliveryCount = before.deliveriesSpent() + 1;
    }

    @Override
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public int deliveryCount() {
        return deliveryCount;
    }

    @Override
    public boolean redelivered() {
        return redelivered;
    }

    @Override
    public long lockedUntilNanos() {
        return lockedUntil;
    }

    @Override
    public boolean lost() {
        return state == State.LOST || state == State.REPORTED_LOST;
    }

    InMemoryReceiver receiver() {
        return receiver;
    }

    int lane() {
        return lane;
    }

    long sequence() {
        return sequence;
    }

    State state() {
        return state;
    }

    void state(State state) {
        this.state = state;
    }

    void lockedUntil(long nanos) {
        lockedUntil = nanos;
    }

    /** This delivery shall not count. */
    void uncount() {
        counts = false;
    }

    /** How often the message was delivered so far, as the broker counts. */
    int deliveriesSpent() {
        return counts ? deliveryCount : deliveryCount - 1;
    }

    @Override
    public String toString() {
        return "Receipt[" + envelope + ", delivery " + deliveryCount + ", " + state + "]";
    }

    /** How it stands between the broker and the receiver. */
    enum State {
        HELD,
        SETTLED,
        /** The lock is gone; the receiver may still try to settle, once. */
        LOST,
        /** It tried. */
        REPORTED_LOST
    }
}
