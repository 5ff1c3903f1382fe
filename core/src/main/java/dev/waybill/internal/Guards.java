package dev.waybill.internal;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.timelimiter.TimeLimiter;
import org.jspecify.annotations.Nullable;

/** What a consumer has chosen to have around its handler; null for what it has not. */
record Guards(
        @Nullable RateLimiter rateLimiter,
        @Nullable Bulkhead bulkhead,
        @Nullable CircuitBreaker circuitBreaker,
        @Nullable TimeLimiter timeLimiter) {
    static final Guards NONE = new Guards(null, null, null, null);

    /** The handler with the stages around it, in the order in which a message passes them from the last to the first. */
    <I, R> Call<I, R> around(Call<I, R> handler, Turn turn, Timer timer) {
        Call<I, R> call = handler;
        if (timeLimiter != null) {
            call = new TimeLimitStage<>(call, timeLimiter, timer);
        }
        if (circuitBreaker != null) {
            call = new BreakerStage<>(call, circuitBreaker, turn);
        }
        call = new LockedStage<>(call);
        if (bulkhead != null) {
            call = new BulkheadStage<>(call, bulkhead, turn);
        }
        if (rateLimiter != null) {
            call = new RateLimitStage<>(call, rateLimiter, turn);
        }
        return call;
    }
}
