package dev.waybill.spi;

import org.jspecify.annotations.Nullable;

/** A message as received; an adapter adds its handle in its own class. Immutable but for the lock's end. */
public interface Inbound {

    /** The message. If {@link #defect} is not null: the raw body, and what could be read. */
    Envelope envelope();

    /**
     * Which delivery of this message this is, from 1, as the broker counts. A release that does not count
     * ({@link Held.Disposition#RELEASE}) leaves the number as it was, so that a message may be {@link #redelivered} and still
     * be at its first; a broker that counts nothing, but says that it is redelivered, makes it 2.
     */
    int deliveryCount();

    /**
     * Whether it may have been delivered before. False only if it certainly has not. May ask the broker, and so block for a
     * moment.
     */
    boolean redelivered();

    /** When the lock ends, on {@link TimeSource#nanos}; {@link #NO_LOCK_END} where the broker ends it only with the connection. */
    long lockedUntilNanos();

    /**
     * Whether the lock is known to be gone, for instance with the connection: such a message is not handled, since it comes
     * again. Cheap, and asked by any thread.
     */
    boolean lost();

    /** What is wrong with the envelope, or null. Such a message is dead-lettered with its raw body, and never handled. */
    default @Nullable String defect() {
        return null;
    }

    /** A lock that does not end by time. */
    long NO_LOCK_END = Long.MAX_VALUE;
}
