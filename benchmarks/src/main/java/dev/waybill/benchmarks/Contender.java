package dev.waybill.benchmarks;

/**
 * One side of a comparison: the plain client, or Waybill, at one server. Both use the same queue, as Waybill declares it. Used by
 * one thread.
 */
interface Contender extends AutoCloseable {

    /** Opens what sends to a queue; at most {@link Load#IN_FLIGHT} messages are in flight. */
    Outlet outlet(String queue);

    /**
     * Starts to consume; each message is acknowledged once it has been handled. To close what is returned settles all that was
     * handled.
     *
     * @param concurrency how many threads handle; with one the plain client handles in the thread that receives
     */
    Consuming consume(String queue, int concurrency, Handler handler);

    /**
     * The same, but that each message fails at its first delivery and is to come again at once; what comes again is handled, and
     * acknowledged.
     */
    Consuming retry(String queue, int concurrency, Handler handler);

    /** Starts to move each message to the dead-letter queue: sent there, confirmed, then acknowledged. */
    Consuming deadLetters(String queue, int concurrency, Span moved);

    /** Starts to move each dead letter back to its queue, as fast as one can. */
    Consuming redrive(String queue, Span moved);

    @Override
    void close();

    /** Consumes until it is closed. */
    interface Consuming extends AutoCloseable {
        @Override
        void close();
    }

    /** Handles a message; called by several threads. */
    @FunctionalInterface
    interface Handler {
        /**
         * Handles one.
         *
         * @param id the message's id
         * @param sentAtMillis when it was sent
         */
        void handle(String id, long sentAtMillis, byte[] body);
    }
}
