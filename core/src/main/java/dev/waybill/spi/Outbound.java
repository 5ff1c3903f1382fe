package dev.waybill.spi;

import dev.waybill.SendException;
import org.jspecify.annotations.Nullable;

/** One message to send, and where the adapter reports what became of it: one call of one method, once. */
public interface Outbound {

    /** The message. */
    Envelope envelope();

    /** The broker has it durably. */
    void stored();

    /**
     * It was not stored, or nobody knows.
     *
     * @param maybeStored false only if the broker certainly does not have it
     */
    void failed(SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause);
}
