package dev.waybill.benchmarks;

import dev.waybill.Consumer;
import dev.waybill.idempotency.InMemoryIdempotencyStore;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.timelimiter.TimeLimiter;
import java.time.Duration;

/** What can be around a handler, each so that it never stops one. */
public enum Stage {
    NONE("none") {
        @Override
        Consumer<byte[]> around(Consumer<byte[]> consumer) {
            return consumer;
        }
    },
    CIRCUIT_BREAKER("circuit-breaker") {
        @Override
        Consumer<byte[]> around(Consumer<byte[]> consumer) {
            return consumer.circuitBreaker(CircuitBreaker.ofDefaults(label));
        }
    },
    RATE_LIMITER("rate-limiter") {
        @Override
        Consumer<byte[]> around(Consumer<byte[]> consumer) {
            RateLimiterConfig unlimited = RateLimiterConfig.custom()
                    .limitForPeriod(Integer.MAX_VALUE)
                    .limitRefreshPeriod(Duration.ofSeconds(1))
                    .build();
            return consumer.rateLimiter(RateLimiter.of(label, unlimited));
        }
    },
    BULKHEAD("bulkhead") {
        @Override
        Consumer<byte[]> around(Consumer<byte[]> consumer) {
            return consumer.bulkhead(Bulkhead.ofDefaults(label));
        }
    },
    TIME_LIMITER("time-limiter") {
        @Override
        Consumer<byte[]> around(Consumer<byte[]> consumer) {
            return consumer.timeLimiter(TimeLimiter.of(Duration.ofMinutes(1)));
        }
    },
    IDEMPOTENT("idempotent") {
        @Override
        Consumer<byte[]> around(Consumer<byte[]> consumer) {
            return consumer.idempotent(new InMemoryIdempotencyStore(REMEMBERED, Duration.ofHours(1)));
        }
    };

    private static final int REMEMBERED = 100_000;

    /** As it is written. */
    final String label;

    Stage(String label) {
        this.label = label;
    }

    abstract Consumer<byte[]> around(Consumer<byte[]> consumer);
}
