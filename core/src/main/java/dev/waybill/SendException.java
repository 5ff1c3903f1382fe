package dev.waybill;

import org.jspecify.annotations.Nullable;

/** A message was not sent, or nobody knows: {@link #maybeStored} says which, and {@link #reason} what to do. */
public final class SendException extends WaybillException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;
    private final boolean maybeStored;
    private final String messageId;

    public SendException(
            Reason reason,
            boolean maybeStored,
            String queue,
            String messageId,
            String detail,
            @Nullable Throwable cause) {
        super(
                "message " + messageId + " to queue '" + queue + "' "
                        + (maybeStored ? "may or may not have been stored (" : "was not stored (") + reason + "): "
                        + detail,
                cause);
        this.reason = reason;
        this.maybeStored = maybeStored;
        this.messageId = messageId;
    }

    public Reason reason() {
        return reason;
    }

    /**
     * False if the broker certainly does not have the message, so that sending it again cannot duplicate it. True if it may:
     * send it again with the same id, and let the consumer be idempotent.
     */
    public boolean maybeStored() {
        return maybeStored;
    }

    public String messageId() {
        return messageId;
    }

    /** Why a send failed. */
    public enum Reason {
        /** The queue does not exist: declare it. */
        UNROUTABLE,
        /** Larger than the broker takes: use a claim check, or send less. */
        TOO_LARGE,
        /** The producer or Waybill was closed. */
        CLOSED,
        /** No answer within {@code waybill.producer.send-timeout}. */
        TIMED_OUT,
        /** The broker blocks publishers, for instance for want of memory or disk: send later. */
        BLOCKED,
        /** The connection was lost before the broker answered. */
        CONNECTION_LOST,
        /** The calling thread was interrupted while it waited for its turn. */
        INTERRUPTED,
        /** The payload store of its claim check is down, or does not take it: nothing was sent. */
        PAYLOAD_STORE,
        /** The broker refused it, for instance because the queue is full or access is denied. */
        REJECTED
    }
}
