package dev.waybill.spi;

import dev.waybill.SendException;
import org.jspecify.annotations.Nullable;

/** One message to send, and where the adapter reports what became of it: one call of one method, once. */
public interface Outbound {

    /** The message. */
    Envelope envelope();

    /**
     * How long the broker is to wait before it delivers the message, from the moment it is handed over, in milliseconds; 0 for
     * not at all, and never more than {@link Limits#maxDelayMillis}. It may come a little late, never early, and holds up no
     * other message while it waits; it is stored durably from the start, and reported as any other.
     */
    default long delayMillis() {
        return 0;
    }

    /**
     * The message's priority, from 0, the lowest, in a queue that has {@link QueueDefinition#priorities}; else negative, as for one that
     * is delayed.
     */
    default int priority() {
        return -1;
    }

    /**
     * Whether it comes from another place, or from this one, where it is deleted afterwards: a message of that id may have been sent here
     * before, and this is no repetition of it.
     */
    default boolean moved() {
        return false;
    }

    /** The broker has it durably. */
    void stored();

    /**
     * It was not stored, or nobody knows.
     *
     * @param maybeStored false only if the broker certainly does not have it
     */
    void failed(SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause);
}
