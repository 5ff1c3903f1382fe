package dev.waybill.rabbitmq;

import dev.waybill.RetryPolicy;
import dev.waybill.RetryPolicy.Growth;
import java.time.Duration;
import java.util.Map;

/**
 * The retry policies that the server keeps by itself, from 4.3 on: it delivers a rejected message again after so many times the
 * first wait as it has failed, at most the longest. A message that is returned comes at once.
 */
final class NativeRetry {
    /** What a lost connection held waits as long as what has failed, also if no handler had seen it: so not for long. */
    static final Duration LONGEST = Duration.ofMinutes(1);

    private NativeRetry() {}

    static boolean fits(RetryPolicy policy, ServerVersion version) {
        return version.atLeast(ServerVersion.V4_3)
                && policy.growth() != Growth.EXPONENTIAL
                && policy.jitter() == 0
                && !policy.first().isZero()
                && policy.ceiling().compareTo(LONGEST) <= 0;
    }

    static Map<String, Object> arguments(RetryPolicy policy) {
        return Map.of(
                "x-delayed-retry-type",
                "failed",
                "x-delayed-retry-min",
                policy.first().toMillis(),
                "x-delayed-retry-max",
                policy.ceiling().toMillis());
    }
}
