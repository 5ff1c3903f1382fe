package dev.waybill.internal;

import dev.waybill.ConfigException;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of breakers and limiters by name, {@code waybill.circuit-breaker.<name>.<setting>} and the like, with Resilience4j's
 * own names and meanings. What has settings is made in its registry when Waybill is opened, upon the registry's default
 * configuration; what the application has made there before stays as it is.
 */
final class GuardSettings {
    private static final String DURATION = "a duration, such as 500ms, 10s or PT10S";
    private static final String COUNT = "a number, at least 1";
    private static final String PERCENT = "a percentage above 0, at most 100";

    private GuardSettings() {}

    /** One setting: its name, what is allowed, and what it does. */
    private record Setting<B>(String name, String allowed, BiConsumer<B, String> apply) {}

    /** One kind of guard, with the first part of its keys. */
    private record Kind<B>(String prefix, List<Setting<B>> settings) {
        List<String> names() {
            return settings.stream().map(Setting::name).toList();
        }
    }

    private static final Kind<CircuitBreakerConfig.Builder> CIRCUIT_BREAKER = new Kind<>(
            "waybill.circuit-breaker.",
            List.of(
                    of("failure-rate-threshold", PERCENT, Float::parseFloat, (b, v) -> b.failureRateThreshold(v)),
                    of("slow-call-rate-threshold", PERCENT, Float::parseFloat, (b, v) -> b.slowCallRateThreshold(v)),
                    duration("slow-call-duration-threshold", (b, v) -> b.slowCallDurationThreshold(v)),
                    duration("wait-duration-in-open-state", (b, v) -> b.waitDurationInOpenState(v)),
                    duration("max-wait-duration-in-half-open-state", (b, v) -> b.maxWaitDurationInHalfOpenState(v)),
                    count(
                            "permitted-number-of-calls-in-half-open-state",
                            (b, v) -> b.permittedNumberOfCallsInHalfOpenState(v)),
                    of(
                            "sliding-window-type",
                            "count-based or time-based",
                            v -> SlidingWindowType.valueOf(
                                    v.toUpperCase(Locale.ROOT).replace('-', '_')),
                            (b, v) -> b.slidingWindowType(v)),
                    count("sliding-window-size", (b, v) -> b.slidingWindowSize(v)),
                    count("minimum-number-of-calls", (b, v) -> b.minimumNumberOfCalls(v))));

    private static final Kind<RateLimiterConfig.Builder> RATE_LIMITER = new Kind<>(
            "waybill.rate-limiter.",
            List.of(
                    count("limit-for-period", (b, v) -> b.limitForPeriod(v)),
                    duration("limit-refresh-period", (b, v) -> b.limitRefreshPeriod(v)),
                    duration("timeout-duration", (b, v) -> b.timeoutDuration(v))));

    private static final Kind<BulkheadConfig.Builder> BULKHEAD = new Kind<>(
            "waybill.bulkhead.",
            List.of(
                    count("max-concurrent-calls", (b, v) -> b.maxConcurrentCalls(v)),
                    duration("max-wait-duration", (b, v) -> b.maxWaitDuration(v))));

    private static final Kind<TimeLimiterConfig.Builder> TIME_LIMITER = new Kind<>(
            "waybill.time-limiter.",
            List.of(
                    duration("timeout-duration", (b, v) -> b.timeoutDuration(v)),
                    of(
                            "cancel-running-future",
                            "true or false",
                            GuardSettings::parseBoolean,
                            (b, v) -> b.cancelRunningFuture(v))));

    private static final List<Kind<?>> KINDS = List.of(CIRCUIT_BREAKER, RATE_LIMITER, BULKHEAD, TIME_LIMITER);

    private static <B, V> Setting<B> of(String name, String allowed, Function<String, V> parse, BiConsumer<B, V> set) {
        return new Setting<>(name, allowed, (builder, value) -> set.accept(builder, parse.apply(value)));
    }

    private static <B> Setting<B> duration(String name, BiConsumer<B, Duration> set) {
        return of(name, DURATION, Settings::parseDuration, set);
    }

    private static <B> Setting<B> count(String name, BiConsumer<B, Integer> set) {
        return of(name, COUNT, Integer::parseInt, set);
    }

    private static boolean parseBoolean(String value) {
        if (!value.equals("true") && !value.equals("false")) {
            throw new IllegalArgumentException("neither true nor false");
        }
        return value.equals("true");
    }

    /** The first parts of the keys, each with its settings: {@code waybill.bulkhead.<name>.max-wait-duration}. */
    static List<String> patterns() {
        return KINDS.stream()
                .flatMap(kind -> kind.names().stream().map(name -> kind.prefix + "<name>." + name))
                .toList();
    }

    /** Whether the key is one of these. */
    static boolean knows(String key) {
        return KINDS.stream()
                .anyMatch(kind -> split(kind, key)
                        .filter(parts -> kind.names().contains(parts[1]))
                        .isPresent());
    }

    /** The known keys of the same guard, for one that is not known; empty if it is no guard's. */
    static List<String> like(String key) {
        return KINDS.stream()
                .flatMap(kind -> split(kind, key).stream()
                        .flatMap(parts -> kind.names().stream().map(name -> kind.prefix + parts[0] + "." + name)))
                .toList();
    }

    /** The keys and values of these in the environment, where a name has hyphens only. */
    static Map<String, String> fromEnvironment(Map<String, String> environment) {
        Map<String, String> found = new TreeMap<>();
        environment.forEach((variable, value) -> {
            String flat = variable.toLowerCase(Locale.ROOT).replace('_', '-');
            for (Kind<?> kind : KINDS) {
                String prefix = kind.prefix.replace('.', '-');
                // Of two settings of which one ends like the other, the longer is meant.
                longestFirst(kind)
                        .filter(name -> flat.startsWith(prefix)
                                && flat.endsWith("-" + name)
                                && flat.length() > prefix.length() + name.length() + 1)
                        .findFirst()
                        .ifPresent(name -> found.put(
                                kind.prefix
                                        + flat.substring(prefix.length(), flat.length() - name.length() - 1)
                                        + "." + name,
                                value));
            }
        });
        return found;
    }

    private static Stream<String> longestFirst(Kind<?> kind) {
        List<String> names = new ArrayList<>(kind.names());
        names.sort((a, b) -> b.length() - a.length());
        return names.stream();
    }

    /** Name and setting of such a key, if it is of this kind. */
    private static Optional<String[]> split(Kind<?> kind, String key) {
        int dot = key.lastIndexOf('.');
        return key.startsWith(kind.prefix) && dot > kind.prefix.length()
                ? Optional.of(new String[] {key.substring(kind.prefix.length(), dot), key.substring(dot + 1)})
                : Optional.empty();
    }

    /**
     * Makes what is configured.
     *
     * @throws ConfigException if a value is wrong
     */
    static void apply(Map<String, String> values, Registries registries) {
        each(
                CIRCUIT_BREAKER,
                values,
                () -> CircuitBreakerConfig.from(registries.circuitBreakers().getDefaultConfig()),
                (name, builder) -> registries.circuitBreakers().circuitBreaker(name, builder.build()));
        each(
                RATE_LIMITER,
                values,
                () -> RateLimiterConfig.from(registries.rateLimiters().getDefaultConfig()),
                (name, builder) -> registries.rateLimiters().rateLimiter(name, builder.build()));
        each(
                BULKHEAD,
                values,
                () -> BulkheadConfig.from(registries.bulkheads().getDefaultConfig()),
                (name, builder) -> registries.bulkheads().bulkhead(name, builder.build()));
        each(
                TIME_LIMITER,
                values,
                () -> TimeLimiterConfig.from(registries.timeLimiters().getDefaultConfig()),
                (name, builder) -> registries.timeLimiters().timeLimiter(name, builder.build()));
    }

    private static <B> void each(
            Kind<B> kind, Map<String, String> values, java.util.function.Supplier<B> base, BiConsumer<String, B> make) {
        Map<String, B> builders = new TreeMap<>();
        values.forEach((key, value) -> split(kind, key).ifPresent(parts -> {
            B builder = builders.computeIfAbsent(parts[0], name -> base.get());
            kind.settings.stream()
                    .filter(setting -> setting.name.equals(parts[1]))
                    .forEach(setting -> set(setting, builder, key, value.trim()));
        }));
        builders.forEach((name, builder) -> {
            try {
                make.accept(name, builder);
            } catch (IllegalArgumentException | IllegalStateException contradiction) {
                throw new ConfigException(
                        kind.prefix + name + ".* do not go together: " + contradiction.getMessage(), contradiction);
            }
        });
    }

    private static <B> void set(Setting<B> setting, B builder, String key, String value) {
        try {
            setting.apply.accept(builder, value);
        } catch (IllegalArgumentException | DateTimeException | com.typesafe.config.ConfigException bad) {
            throw new ConfigException(key + " is '" + value + "' but must be " + setting.allowed + detail(bad), bad);
        }
    }

    /** What Resilience4j itself has to say of a value that is of the right kind. */
    private static String detail(RuntimeException bad) {
        @Nullable String message = bad.getMessage();
        return bad.getClass() == IllegalArgumentException.class && message != null ? " (" + message + ")" : "";
    }
}
