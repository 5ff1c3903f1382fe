package dev.waybill.spi;

import java.util.List;

/**
 * Looks through one destination, from its oldest message on, and leaves everything where it is. Used by one thread at a time. It is
 * made for people who look at dead letters, not for throughput.
 */
public interface Browser extends AutoCloseable {

    /**
     * The next messages, at most {@code max}; empty when there are no more. What arrives or is settled after the opening may be seen
     * or not.
     *
     * @throws BrokerException if the connection is lost or the destination is gone
     * @throws InterruptedException if the thread is interrupted
     */
    List<Envelope> next(int max) throws InterruptedException;

    /** Ends it; what it had to lock in order to look goes back. Idempotent. */
    @Override
    void close();
}
