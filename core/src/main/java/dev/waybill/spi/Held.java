package dev.waybill.spi;

/**
 * A received message that core holds: what to do with it, and where the adapter reports what became of that. The reports may
 * come on any thread and must not block.
 */
public interface Held {

    /** What {@link Receiver#receive} returned. */
    Inbound inbound();

    /** What core has decided; only to be read in {@link Receiver#settle}. */
    Disposition disposition();

    /**
     * With {@link Disposition#RETRY}: how long the broker is to wait before it delivers the message again, in milliseconds;
     * more than 0 only where {@link Receiver#canDelay} has said that the receiver can. Only to be read in
     * {@link Receiver#settle}.
     */
    default long delayMillis() {
        return 0;
    }

    /** The broker has taken the settlement, as far as it confirms one. */
    void settled();

    /** The lock was extended; {@link Inbound#lockedUntilNanos} says until when. */
    void extended();

    /** The lock is no longer ours: the message was or will be delivered again. Not an error of the application. */
    void lost(String why);

    /** The broker did not take the settlement or extension, and the lock may still be ours: core tries again while it is. */
    void failed(BrokerException cause);

    /** What may be done with a held message. */
    enum Disposition {
        /** Done: delete it. */
        ACCEPT,
        /** Failed: give it back, and count the delivery. */
        RETRY,
        /**
         * Not tried: give it back, not counting the delivery where the broker allows that
         * ({@link dev.waybill.Capability#UNCOUNTED_RELEASE}).
         */
        RELEASE
    }
}
