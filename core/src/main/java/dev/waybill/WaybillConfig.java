package dev.waybill;

import dev.waybill.internal.ConfigSources;
import dev.waybill.spi.TimeSource;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.core.Registry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The configuration: {@code waybill.*} keys and their values. Immutable. It is checked when {@link Waybill#open} reads it; every
 * key is described in {@code docs/CONFIGURATION.md}.
 */
public final class WaybillConfig {
    private final Map<String, String> values;
    private final WaybillObserver observer;
    private final TimeSource time;

    /** By the type of the registry. */
    private final Map<Class<?>, Registry<?, ?>> registries;

    private WaybillConfig(
            Map<String, String> values,
            WaybillObserver observer,
            TimeSource time,
            Map<Class<?>, Registry<?, ?>> registries) {
        this.registries = registries;
        this.values = values;
        this.observer = observer;
        this.time = time;
    }

    /**
     * Reads {@code waybill.conf}, {@code .json} or {@code .properties} from the class path, then the environment
     * ({@code WAYBILL_BROKER} is {@code waybill.broker}), then the system properties; the later wins.
     *
     * @throws ConfigException if a file cannot be parsed, or if two adapters on the class path have the same name
     */
    public static WaybillConfig load() {
        return of(ConfigSources.load());
    }

    /** Just these settings; neither files, nor environment, nor system properties. */
    public static WaybillConfig of(Map<String, String> values) {
        return new WaybillConfig(new TreeMap<>(values), WaybillObserver.NONE, TimeSource.system(), Map.of());
    }

    /** A copy with one setting more, or changed. */
    public WaybillConfig with(String key, String value) {
        TreeMap<String, String> copy = new TreeMap<>(values);
        copy.put(key, value);
        return new WaybillConfig(copy, observer, time, registries);
    }

    /** A copy that reports to an observer, and to those that were given before. */
    public WaybillConfig observer(WaybillObserver observer) {
        return new WaybillConfig(values, Observers.and(this.observer, observer), time, registries);
    }

    /** A copy that reads time from somewhere else, for tests. */
    public WaybillConfig time(TimeSource time) {
        return new WaybillConfig(values, observer, time, registries);
    }

    /** A copy whose circuit breakers are those of an application's registry, with its configurations, events and metrics. */
    public WaybillConfig circuitBreakers(CircuitBreakerRegistry registry) {
        return registry(CircuitBreakerRegistry.class, registry);
    }

    /** A copy whose rate limiters are those of an application's registry. */
    public WaybillConfig rateLimiters(RateLimiterRegistry registry) {
        return registry(RateLimiterRegistry.class, registry);
    }

    /** A copy whose bulkheads are those of an application's registry. */
    public WaybillConfig bulkheads(BulkheadRegistry registry) {
        return registry(BulkheadRegistry.class, registry);
    }

    /** A copy whose time limiters are those of an application's registry. */
    public WaybillConfig timeLimiters(TimeLimiterRegistry registry) {
        return registry(TimeLimiterRegistry.class, registry);
    }

    private WaybillConfig registry(Class<?> type, Registry<?, ?> registry) {
        Map<Class<?>, Registry<?, ?>> copy = new HashMap<>(registries);
        copy.put(type, registry);
        return new WaybillConfig(values, observer, time, copy);
    }

    /** The application's registry, if there is one; so with the others. */
    public Optional<CircuitBreakerRegistry> circuitBreakers() {
        return registry(CircuitBreakerRegistry.class);
    }

    public Optional<RateLimiterRegistry> rateLimiters() {
        return registry(RateLimiterRegistry.class);
    }

    public Optional<BulkheadRegistry> bulkheads() {
        return registry(BulkheadRegistry.class);
    }

    public Optional<TimeLimiterRegistry> timeLimiters() {
        return registry(TimeLimiterRegistry.class);
    }

    private <R> Optional<R> registry(Class<R> type) {
        return Optional.ofNullable(registries.get(type)).map(type::cast);
    }

    /** The settings as they are, secrets included. Unmodifiable. */
    public Map<String, String> values() {
        return java.util.Collections.unmodifiableMap(values);
    }

    /** All observers as one. */
    public WaybillObserver observer() {
        return observer;
    }

    public TimeSource time() {
        return time;
    }

    /** The settings with secrets masked. */
    @Override
    public String toString() {
        return ConfigSources.masked(values).toString();
    }
}
