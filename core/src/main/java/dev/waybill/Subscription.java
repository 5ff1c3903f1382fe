package dev.waybill;

import java.time.Duration;

/** A consumer at work. Thread-safe. It recovers from lost connections by itself until it is closed. */
public interface Subscription extends AutoCloseable {

    /** Changes how many handlers run at once; 1 to 10,000. Those that run are not interrupted. */
    void concurrency(int concurrency);

    int concurrency();

    /**
     * Stops fetching and starting handlers; those that run go on. What is held and not started goes back to the broker where
     * that does not count as a delivery, else it is kept locked. Idempotent.
     */
    void pause();

    /** Goes on after {@link #pause}. Idempotent. */
    void resume();

    State state();

    /** How it is, with the last failure in words if it is not well. */
    Health.Component health();

    /**
     * Stops fetching, gives back what was not started, waits for running handlers until the deadline, interrupts those that
     * still run, gives their messages back, settles everything, and closes. Idempotent. What is under way with the broker by then has some
     * seconds more, however short the deadline.
     *
     * @return whether every handler that had started came to its end and was settled
     */
    boolean close(Duration deadline);

    /** {@link #close(Duration)} with the consumer's drain timeout. */
    @Override
    void close();

    /** The states of a subscription. */
    enum State {
        RUNNING,
        PAUSED,
        /** Its circuit breaker is open, or half-open and takes trial calls; {@link #health} names it. */
        WAITING,
        /** The connection is lost; it is being opened again. */
        RECOVERING,
        CLOSED
    }
}
