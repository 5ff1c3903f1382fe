package dev.waybill.internal;

import dev.waybill.WaybillConfig;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;

/** Where a Waybill has its breakers and limiters by name: the application's registries, or its own. */
record Registries(
        CircuitBreakerRegistry circuitBreakers,
        RateLimiterRegistry rateLimiters,
        BulkheadRegistry bulkheads,
        TimeLimiterRegistry timeLimiters) {

    static Registries of(WaybillConfig config) {
        return new Registries(
                config.circuitBreakers().orElseGet(CircuitBreakerRegistry::ofDefaults),
                config.rateLimiters().orElseGet(RateLimiterRegistry::ofDefaults),
                config.bulkheads().orElseGet(BulkheadRegistry::ofDefaults),
                config.timeLimiters().orElseGet(TimeLimiterRegistry::ofDefaults));
    }
}
