package dev.waybill.spi;

import org.jspecify.annotations.Nullable;

/** What an adapter met, classified so that core can decide. The message names no secret. */
public final class BrokerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    public BrokerException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What it met. */
    public Kind kind() {
        return kind;
    }

    /** What an adapter can meet. */
    public enum Kind {
        /** The broker cannot be reached, the connection is lost, or the broker is overloaded: core tries again with backoff. */
        UNAVAILABLE,
        /** The destination does not exist. */
        MISSING,
        /** The credentials were refused, or do not allow this. */
        DENIED,
        /** The broker refuses this request, and would refuse it again. */
        REFUSED;

        /** Whether trying again later can help without anybody changing anything. */
        public boolean transientFault() {
            return this == UNAVAILABLE;
        }
    }
}
