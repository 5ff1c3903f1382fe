package dev.waybill;

import java.time.Duration;

/**
 * A consumer about to start: set what differs from the configuration ({@code waybill.consumer.*}), then start it with a
 * handler. Not thread-safe; each start makes one {@link Subscription}.
 *
 * @param <T> the payload's type
 */
public interface Consumer<T> {

    /** How many handlers run at once; 1 to 10,000. On JDK 21 and later each is a virtual thread. */
    Consumer<T> concurrency(int concurrency);

    /**
     * How many messages may be held beyond those being handled: more is faster, fewer spread more evenly over processes;
     * 0 to 10,000.
     */
    Consumer<T> prefetch(int prefetch);

    /** How long {@link Subscription#close()} waits for handlers. */
    Consumer<T> drainTimeout(Duration timeout);

    /** To return is to acknowledge, to throw is to fail. */
    Subscription start(MessageHandler<T> handler);

    /** The handler says what becomes of the message. */
    Subscription startReturning(OutcomeHandler<T> handler);

    /** The handler answers later. */
    Subscription startAsync(AsyncHandler<T> handler);

    /** The handler takes up to {@code maxBatch} messages a call, as many as are there; 1 to 10,000. */
    Subscription startBatch(int maxBatch, BatchHandler<T> handler);
}
