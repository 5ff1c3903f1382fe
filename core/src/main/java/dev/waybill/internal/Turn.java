package dev.waybill.internal;

/** What a stage may ask of its subscription while it has messages in hand whose handler has not started. */
interface Turn {

    /** Waits so long; false, at once, if no handler is to start now: what is in hand is to be held. */
    boolean await(long nanos);

    /** How many calls of the bulkhead have ended, to be asked before a permission is. */
    long ended();

    /** Waits until more calls than those have ended, at most so long; false, at once, if no handler is to start now. */
    boolean awaitEnd(long ended, long nanos);

    /** The breaker has refused a call. Does not block. */
    void refused();

    /** The breaker may have changed. Does not block. */
    void look();

    /** Whether the subscription ends, so that an interrupt may be its own. */
    boolean stopping();
}
