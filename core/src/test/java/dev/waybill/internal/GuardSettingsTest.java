package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import dev.waybill.WaybillConfig;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuardSettingsTest {

    private static Registries of(WaybillConfig config) {
        new Settings(config.with("waybill.broker", "in-memory").values()).checkKeys(Set.of(), List.of());
        Registries registries = Registries.of(config);
        GuardSettings.apply(config.values(), registries);
        return registries;
    }

    @Test
    void everySettingReachesItsConfiguration() {
        Registries registries = of(WaybillConfig.of(Map.ofEntries(
                Map.entry("waybill.broker", "in-memory"),
                Map.entry("waybill.circuit-breaker.pay.failure-rate-threshold", "12.5"),
                Map.entry("waybill.circuit-breaker.pay.slow-call-rate-threshold", "30"),
                Map.entry("waybill.circuit-breaker.pay.slow-call-duration-threshold", "2s"),
                Map.entry("waybill.circuit-breaker.pay.wait-duration-in-open-state", "PT5S"),
                Map.entry("waybill.circuit-breaker.pay.max-wait-duration-in-half-open-state", "0ms"),
                Map.entry("waybill.circuit-breaker.pay.permitted-number-of-calls-in-half-open-state", "3"),
                Map.entry("waybill.circuit-breaker.pay.sliding-window-type", "time-based"),
                Map.entry("waybill.circuit-breaker.pay.sliding-window-size", "7"),
                Map.entry("waybill.circuit-breaker.pay.minimum-number-of-calls", "4"),
                Map.entry("waybill.rate-limiter.pay.limit-for-period", "9"),
                Map.entry("waybill.rate-limiter.pay.limit-refresh-period", "1s"),
                Map.entry("waybill.rate-limiter.pay.timeout-duration", "3s"),
                Map.entry("waybill.bulkhead.pay.max-concurrent-calls", "2"),
                Map.entry("waybill.bulkhead.pay.max-wait-duration", "10ms"),
                Map.entry("waybill.time-limiter.pay.timeout-duration", "4s"),
                Map.entry("waybill.time-limiter.pay.cancel-running-future", "false"))));
        CircuitBreakerConfig breaker =
                registries.circuitBreakers().circuitBreaker("pay").getCircuitBreakerConfig();
        assertThat(breaker.getFailureRateThreshold()).isEqualTo(12.5f);
        assertThat(breaker.getSlowCallRateThreshold()).isEqualTo(30f);
        assertThat(breaker.getSlowCallDurationThreshold()).isEqualTo(Duration.ofSeconds(2));
        assertThat(breaker.getWaitIntervalFunctionInOpenState().apply(1)).isEqualTo(5000);
        assertThat(breaker.getMaxWaitDurationInHalfOpenState()).isEqualTo(Duration.ZERO);
        assertThat(breaker.getPermittedNumberOfCallsInHalfOpenState()).isEqualTo(3);
        assertThat(breaker.getSlidingWindowType()).isEqualTo(SlidingWindowType.TIME_BASED);
        assertThat(breaker.getSlidingWindowSize()).isEqualTo(7);
        assertThat(breaker.getMinimumNumberOfCalls()).isEqualTo(4);
        RateLimiterConfig rate = registries.rateLimiters().rateLimiter("pay").getRateLimiterConfig();
        assertThat(rate.getLimitForPeriod()).isEqualTo(9);
        assertThat(rate.getLimitRefreshPeriod()).isEqualTo(Duration.ofSeconds(1));
        assertThat(rate.getTimeoutDuration()).isEqualTo(Duration.ofSeconds(3));
        BulkheadConfig bulkhead = registries.bulkheads().bulkhead("pay").getBulkheadConfig();
        assertThat(bulkhead.getMaxConcurrentCalls()).isEqualTo(2);
        assertThat(bulkhead.getMaxWaitDuration()).isEqualTo(Duration.ofMillis(10));
        TimeLimiterConfig time = registries.timeLimiters().timeLimiter("pay").getTimeLimiterConfig();
        assertThat(time.getTimeoutDuration()).isEqualTo(Duration.ofSeconds(4));
        assertThat(time.shouldCancelRunningFuture()).isFalse();
    }

    @Test
    void theDefaultsAreThoseOfTheDocumentation() {
        Registries registries = of(WaybillConfig.of(Map.of("waybill.broker", "in-memory")));
        CircuitBreakerConfig breaker =
                registries.circuitBreakers().circuitBreaker("new").getCircuitBreakerConfig();
        assertThat(breaker.getFailureRateThreshold()).isEqualTo(50f);
        assertThat(breaker.getSlowCallRateThreshold()).isEqualTo(100f);
        assertThat(breaker.getSlowCallDurationThreshold()).isEqualTo(Duration.ofSeconds(60));
        assertThat(breaker.getSlidingWindowType()).isEqualTo(SlidingWindowType.COUNT_BASED);
        assertThat(breaker.getSlidingWindowSize()).isEqualTo(100);
        assertThat(breaker.getMinimumNumberOfCalls()).isEqualTo(100);
        assertThat(breaker.getWaitIntervalFunctionInOpenState().apply(1)).isEqualTo(60_000);
        assertThat(breaker.getPermittedNumberOfCallsInHalfOpenState()).isEqualTo(10);
        assertThat(breaker.getMaxWaitDurationInHalfOpenState()).isEqualTo(Duration.ZERO);
        RateLimiterConfig rate = registries.rateLimiters().rateLimiter("new").getRateLimiterConfig();
        assertThat(rate.getLimitForPeriod()).isEqualTo(50);
        assertThat(rate.getLimitRefreshPeriod()).isEqualTo(Duration.ofNanos(500));
        assertThat(rate.getTimeoutDuration()).isEqualTo(Duration.ofSeconds(5));
        BulkheadConfig bulkhead = registries.bulkheads().bulkhead("new").getBulkheadConfig();
        assertThat(bulkhead.getMaxConcurrentCalls()).isEqualTo(25);
        assertThat(bulkhead.getMaxWaitDuration()).isEqualTo(Duration.ZERO);
        TimeLimiterConfig time = registries.timeLimiters().timeLimiter("new").getTimeLimiterConfig();
        assertThat(time.getTimeoutDuration()).isEqualTo(Duration.ofSeconds(1));
        assertThat(time.shouldCancelRunningFuture()).isTrue();
    }

    @Test
    void settingsStandOnTheDefaultsOfTheApplicationsRegistryAndWhatItHasMadeStays() {
        CircuitBreakerRegistry registry = CircuitBreakerRegistry.of(
                CircuitBreakerConfig.custom().minimumNumberOfCalls(33).build());
        registry.circuitBreaker(
                "made", CircuitBreakerConfig.custom().slidingWindowSize(44).build());
        of(WaybillConfig.of(Map.of("waybill.broker", "in-memory"))
                .with("waybill.circuit-breaker.new.sliding-window-size", "55")
                .with("waybill.circuit-breaker.made.sliding-window-size", "66")
                .circuitBreakers(registry));
        CircuitBreakerConfig fresh = registry.circuitBreaker("new").getCircuitBreakerConfig();
        assertThat(fresh.getSlidingWindowSize()).isEqualTo(55);
        assertThat(fresh.getMinimumNumberOfCalls()).isEqualTo(33);
        assertThat(registry.circuitBreaker("made").getCircuitBreakerConfig().getSlidingWindowSize())
                .isEqualTo(44);
    }

    @ParameterizedTest
    @CsvSource({
        "waybill.circuit-breaker.pay.failure-rate-threshold, 0",
        "waybill.circuit-breaker.pay.failure-rate-threshold, half",
        "waybill.circuit-breaker.pay.sliding-window-type, calls",
        "waybill.circuit-breaker.pay.sliding-window-size, 0",
        "waybill.circuit-breaker.pay.wait-duration-in-open-state, soon",
        "waybill.circuit-breaker.pay.wait-duration-in-open-state, P1Y",
        "waybill.rate-limiter.pay.limit-for-period, 0",
        "waybill.bulkhead.pay.max-concurrent-calls, 1.5",
        "waybill.time-limiter.pay.cancel-running-future, yes",
    })
    void aWrongValueNamesTheKeyAndTheValue(String key, String value) {
        assertThatThrownBy(() -> of(WaybillConfig.of(Map.of("waybill.broker", "in-memory", key, value))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key)
                .hasMessageContaining("'" + value + "'")
                .hasMessageContaining("must be");
    }

    @ParameterizedTest
    @CsvSource({
        "waybill.circuit-breaker.pay.sliding-windowsize, waybill.circuit-breaker.pay.sliding-window-size",
        "waybill.bulkhead.pay.concurrent-calls, waybill.bulkhead.pay.max-concurrent-calls",
    })
    void anUnknownKeyNamesTheNearestOfTheSameName(String wrong, String near) {
        assertThatThrownBy(() -> of(WaybillConfig.of(Map.of("waybill.broker", "in-memory", wrong, "1"))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(wrong)
                .hasMessageContaining("'" + near + "'");
    }

    @Test
    void theEnvironmentGivesThemToo() {
        assertThat(GuardSettings.fromEnvironment(Map.of(
                        "WAYBILL_BULKHEAD_CARD_PAYMENTS_MAX_CONCURRENT_CALLS", "3",
                        "WAYBILL_CIRCUIT_BREAKER_PAY_SLOW_CALL_DURATION_THRESHOLD", "1s",
                        "WAYBILL_CIRCUIT_BREAKER_PAY_NONSENSE", "1",
                        "WAYBILL_BROKER", "in-memory")))
                .isEqualTo(Map.of(
                        "waybill.bulkhead.card-payments.max-concurrent-calls", "3",
                        "waybill.circuit-breaker.pay.slow-call-duration-threshold", "1s"));
    }
}
