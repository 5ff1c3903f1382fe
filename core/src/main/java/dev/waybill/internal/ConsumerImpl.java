package dev.waybill.internal;

import dev.waybill.AsyncHandler;
import dev.waybill.BatchHandler;
import dev.waybill.Codec;
import dev.waybill.Consumer;
import dev.waybill.MessageHandler;
import dev.waybill.OutcomeHandler;
import dev.waybill.Subscription;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.idempotency.IdempotencyStore;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.internal.SemaphoreBasedRateLimiter;
import io.github.resilience4j.timelimiter.TimeLimiter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Collects how to consume, and starts it. */
final class ConsumerImpl<T> implements Consumer<T> {
    private static final int MOST = 10_000;

    private final WaybillRuntime runtime;
    private final Lanes lanes;
    private final Codec<T> codec;
    private final @Nullable ClaimCheck check;
    private int concurrency;
    private int prefetch;
    private Duration drainTimeout;
    private Guards guards = Guards.NONE;
    private @Nullable IdempotencyStore store;

    ConsumerImpl(WaybillRuntime runtime, Lanes lanes, Codec<T> codec, @Nullable ClaimCheck check, Settings settings) {
        this.runtime = runtime;
        this.lanes = lanes;
        this.codec = codec;
        this.check = check;
        concurrency = settings.concurrency;
        prefetch = settings.prefetch;
        drainTimeout = settings.drainTimeout;
    }

    static void checkConcurrency(int concurrency) {
        check("concurrency", concurrency, 1);
    }

    private static void check(String what, int value, int least) {
        if (value < least || value > MOST) {
            throw new IllegalArgumentException(what + " is " + value + " but must be " + least + " to " + MOST);
        }
    }

    @Override
    public Consumer<T> concurrency(int concurrency) {
        checkConcurrency(concurrency);
        this.concurrency = concurrency;
        return this;
    }

    @Override
    public Consumer<T> prefetch(int prefetch) {
        check("prefetch", prefetch, 0);
        this.prefetch = prefetch;
        return this;
    }

    @Override
    public Consumer<T> drainTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("drainTimeout is " + timeout + " but must not be negative");
        }
        drainTimeout = timeout;
        return this;
    }

    @Override
    public Consumer<T> idempotent(IdempotencyStore store) {
        this.store = store;
        return this;
    }

    @Override
    public Consumer<T> rateLimiter(String name) {
        return rateLimiter(runtime.rateLimiters().rateLimiter(name));
    }

    @Override
    public Consumer<T> rateLimiter(RateLimiter limiter) {
        if (limiter instanceof SemaphoreBasedRateLimiter) {
            throw new IllegalArgumentException(
                    limiter.getName() + " is a SemaphoreBasedRateLimiter, which gives no turn"
                            + " in advance, so that a consumer could not wait for it; take RateLimiter.of");
        }
        guards = new Guards(limiter, guards.bulkhead(), guards.circuitBreaker(), guards.timeLimiter());
        return this;
    }

    @Override
    public Consumer<T> bulkhead(String name) {
        return bulkhead(runtime.bulkheads().bulkhead(name));
    }

    @Override
    public Consumer<T> bulkhead(Bulkhead bulkhead) {
        guards = new Guards(guards.rateLimiter(), bulkhead, guards.circuitBreaker(), guards.timeLimiter());
        return this;
    }

    @Override
    public Consumer<T> circuitBreaker(String name) {
        return circuitBreaker(runtime.circuitBreakers().circuitBreaker(name));
    }

    @Override
    public Consumer<T> circuitBreaker(CircuitBreaker breaker) {
        guards = new Guards(guards.rateLimiter(), guards.bulkhead(), breaker, guards.timeLimiter());
        return this;
    }

    @Override
    public Consumer<T> timeLimiter(String name) {
        return timeLimiter(runtime.timeLimiters().timeLimiter(name));
    }

    @Override
    public Consumer<T> timeLimiter(TimeLimiter limiter) {
        guards = new Guards(guards.rateLimiter(), guards.bulkhead(), guards.circuitBreaker(), limiter);
        return this;
    }

    @Override
    public Subscription start(MessageHandler<T> handler) {
        return start(Handling.acknowledging(codec, handler));
    }

    @Override
    public Subscription startReturning(OutcomeHandler<T> handler) {
        return start(Handling.returning(codec, handler));
    }

    @Override
    public Subscription startAsync(AsyncHandler<T> handler) {
        return start(Handling.async(codec, handler));
    }

    @Override
    public Subscription startBatch(int maxBatch, BatchHandler<T> handler) {
        check("maxBatch", maxBatch, 1);
        return start(Handling.batched(codec, maxBatch, handler));
    }

    private Subscription start(Handling<T> handling) {
        return runtime.start(lanes, handling, guards, store, check, concurrency, prefetch, drainTimeout);
    }
}
