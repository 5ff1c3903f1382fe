package dev.waybill;

import dev.waybill.idempotency.IdempotencyStore;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.timelimiter.TimeLimiter;
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

    /**
     * Handles each message once, as far as the store remembers: a message that is done is acknowledged without its handler, one
     * that another consumer has comes back later, and neither counts as a delivery. What the store promises, and where the
     * handler's own transaction is better, {@link IdempotencyStore} says. While the store is down, messages wait, locked.
     */
    Consumer<T> idempotent(IdempotencyStore store);

    /**
     * Puts a circuit breaker around the handler, by its name in {@link Waybill#circuitBreakers}; any number of consumers may share
     * it. While it is open nothing is fetched and no handler starts; half-open, just its trial calls go through; closed again, all
     * goes on at once. What it does not permit is no delivery, and what fails and leaves it open is none either: such a message is
     * handled later, and never goes to the dead-letter queue for that. A later call replaces an earlier one.
     */
    Consumer<T> circuitBreaker(String name);

    /** {@link #circuitBreaker(String)}, with one that need not be in a registry. */
    Consumer<T> circuitBreaker(CircuitBreaker breaker);

    /** Lets the handler start only so often in a period; the others wait, their messages locked. */
    Consumer<T> rateLimiter(String name);

    /**
     * {@link #rateLimiter(String)}, with one that need not be in a registry.
     *
     * @throws IllegalArgumentException if it is a {@code SemaphoreBasedRateLimiter}, which gives no turn in advance
     */
    Consumer<T> rateLimiter(RateLimiter limiter);

    /** Lets only so many handlers run at once, over all consumers that share it; the others wait, their messages locked. */
    Consumer<T> bulkhead(String name);

    /** {@link #bulkhead(String)}, with one that need not be in a registry. */
    Consumer<T> bulkhead(Bulkhead bulkhead);

    /**
     * Gives the handler only so much time: then it is interrupted, and its message has failed with a
     * {@link java.util.concurrent.TimeoutException}, whatever the handler does or says later.
     */
    Consumer<T> timeLimiter(String name);

    /** {@link #timeLimiter(String)}, with one that need not be in a registry. */
    Consumer<T> timeLimiter(TimeLimiter limiter);

    /** To return is to acknowledge, to throw is to fail. */
    Subscription start(MessageHandler<T> handler);

    /** The handler says what becomes of the message. */
    Subscription startReturning(OutcomeHandler<T> handler);

    /** The handler answers later. */
    Subscription startAsync(AsyncHandler<T> handler);

    /** The handler takes up to {@code maxBatch} messages a call, as many as are there; 1 to 10,000. */
    Subscription startBatch(int maxBatch, BatchHandler<T> handler);
}
