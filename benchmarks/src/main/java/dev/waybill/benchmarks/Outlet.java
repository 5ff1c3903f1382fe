package dev.waybill.benchmarks;

/** Sends to one queue. Used by one thread. */
interface Outlet extends AutoCloseable {

    /** Sends with an id and the time of sending; waits while too many are in flight. */
    void send(byte[] body) throws Exception;

    /**
     * Waits until all that was sent is confirmed.
     *
     * @throws BenchmarkException if a message was not stored
     */
    void awaitConfirmed() throws Exception;

    @Override
    void close();
}
