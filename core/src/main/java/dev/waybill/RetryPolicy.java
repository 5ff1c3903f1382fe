package dev.waybill;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What happens to a message whose handler fails: how long it waits before each further delivery, and which failures are not
 * worth one. Part of a queue's declaration, since some brokers are told of it. Immutable; each method returns another policy.
 *
 * <p>A message that waits holds up no other, survives a restart of the process and of the broker, and keeps its count; it loses
 * its place in the order of the queue. How often it is delivered at most, {@link Queue.Builder#maxDeliveries} says.
 */
public final class RetryPolicy {
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final RetryPolicy IMMEDIATE =
            new RetryPolicy(Growth.FIXED, Duration.ZERO, Duration.ZERO, 1, 0, List.of());

    /** What a queue has that declares none: 200 ms, doubling to at most 30 s, varied by a fifth. */
    public static final RetryPolicy DEFAULT =
            exponential(Duration.ofMillis(200), Duration.ofSeconds(30)).jitter(0.2);

    private final Growth growth;
    private final Duration first;
    private final Duration ceiling;
    private final double factor;
    private final double jitter;
    private final List<Rule> rules;

    private RetryPolicy(
            Growth growth, Duration first, Duration ceiling, double factor, double jitter, List<Rule> rules) {
        this.growth = growth;
        this.first = first;
        this.ceiling = ceiling;
        this.factor = factor;
        this.jitter = jitter;
        this.rules = rules;
    }

    /** Again at once. */
    public static RetryPolicy immediate() {
        return IMMEDIATE;
    }

    /** The same wait each time; 1 ms to 1 day. */
    public static RetryPolicy fixed(Duration delay) {
        return new RetryPolicy(Growth.FIXED, checked("delay", delay), delay, 1, 0, List.of());
    }

    /** One {@code step}, two, three and so on, at most the ceiling; each 1 ms to 1 day. RabbitMQ 4.3 does this natively. */
    public static RetryPolicy linear(Duration step, Duration ceiling) {
        return new RetryPolicy(Growth.LINEAR, checked("step", step), ceiling(step, ceiling), 1, 0, List.of());
    }

    /** The first wait, then twice as long each time, at most the ceiling; each 1 ms to 1 day. */
    public static RetryPolicy exponential(Duration first, Duration ceiling) {
        return new RetryPolicy(Growth.EXPONENTIAL, checked("first", first), ceiling(first, ceiling), 2, 0, List.of());
    }

    private static Duration checked(String what, Duration value) {
        if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    what + " of the retry policy is " + value + " but must be PT0.001S to " + LONGEST);
        }
        return value;
    }

    private static Duration ceiling(Duration first, Duration ceiling) {
        if (checked("ceiling", ceiling).compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "ceiling of the retry policy is " + ceiling + " but must be at least the first wait, " + first);
        }
        return ceiling;
    }

    /** By what an exponential wait grows instead of 2; more than 1, at most 10. */
    public RetryPolicy factor(double factor) {
        if (growth != Growth.EXPONENTIAL) {
            throw new IllegalArgumentException("only an exponential retry policy has a factor");
        }
        if (!(factor > 1 && factor <= 10)) {
            throw new IllegalArgumentException(
                    "factor of the retry policy is " + factor + " but must be more than 1 and at most 10");
        }
        return new RetryPolicy(growth, first, ceiling, factor, jitter, rules);
    }

    /**
     * Varies each wait by chance, so that what failed together does not come together again: by up to this part of it, upwards
     * and downwards; 0 (the default) to 1.
     */
    public RetryPolicy jitter(double jitter) {
        if (!(jitter >= 0 && jitter <= 1)) {
            throw new IllegalArgumentException("jitter of the retry policy is " + jitter + " but must be 0 to 1");
        }
        return new RetryPolicy(growth, first, ceiling, factor, jitter, rules);
    }

    /** A failure of this class goes to the dead-letter queue at once. The rule that was given first decides. */
    public RetryPolicy deadLetterOn(Class<? extends Throwable> failure) {
        return rule(Decision.DEAD_LETTER, failure);
    }

    /** A failure of this class drops the message: it counts as done. The rule that was given first decides. */
    public RetryPolicy discardOn(Class<? extends Throwable> failure) {
        return rule(Decision.DISCARD, failure);
    }

    /** A failure of this class is worth another delivery, also where a later rule would say otherwise. */
    public RetryPolicy retryOn(Class<? extends Throwable> failure) {
        return rule(Decision.RETRY, failure);
    }

    private RetryPolicy rule(Decision decision, Class<? extends Throwable> failure) {
        List<Rule> more = new ArrayList<>(rules);
        more.add(new Rule(failure, decision));
        return new RetryPolicy(growth, first, ceiling, factor, jitter, List.copyOf(more));
    }

    /** What a failure is worth. The first rule whose class it is an instance of decides; without one, {@code RETRY}. */
    public Decision decide(Throwable failure) {
        for (Rule rule : rules) {
            if (rule.failure.isInstance(failure)) {
                return rule.decision;
            }
        }
        return Decision.RETRY;
    }

    /**
     * How long to wait after a delivery that failed, by chance if there is jitter.
     *
     * @param delivery which delivery failed, from 1
     */
    public Duration delay(int delivery) {
        long millis = plainDelay(delivery).toMillis();
        if (jitter == 0 || millis == 0) {
            return Duration.ofMillis(millis);
        }
        double varied = millis * (1 + jitter * ThreadLocalRandom.current().nextDouble(-1, 1));
        return Duration.ofMillis(Math.min(ceiling.toMillis(), Math.max(1, Math.round(varied))));
    }

    /** {@link #delay} without the jitter. */
    public Duration plainDelay(int delivery) {
        if (delivery < 1) {
            throw new IllegalArgumentException("a delivery is counted from 1, not " + delivery);
        }
        double millis = switch (growth) {
            case FIXED -> first.toMillis();
            case LINEAR -> (double) first.toMillis() * delivery;
            case EXPONENTIAL -> first.toMillis() * Math.pow(factor, delivery - 1);
        };
        return Duration.ofMillis(Math.min(ceiling.toMillis(), (long) millis));
    }

    public Growth growth() {
        return growth;
    }

    /** The first wait, and the step of a linear policy. */
    public Duration first() {
        return first;
    }

    /** The longest wait. */
    public Duration ceiling() {
        return ceiling;
    }

    public double jitter() {
        return jitter;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RetryPolicy policy
                && growth == policy.growth
                && first.equals(policy.first)
                && ceiling.equals(policy.ceiling)
                && factor == policy.factor
                && jitter == policy.jitter
                && rules.equals(policy.rules);
    }

    @Override
    public int hashCode() {
        return Objects.hash(growth, first, ceiling, factor, jitter, rules);
    }

    @Override
    public String toString() {
        if (ceiling.isZero()) {
            return "immediate" + rules;
        }
        return growth.toString().toLowerCase(java.util.Locale.ROOT) + " " + first + " to " + ceiling + ", factor "
                + factor + ", jitter " + jitter + rules;
    }

    /** How the waits grow. */
    public enum Growth {
        FIXED,
        LINEAR,
        EXPONENTIAL
    }

    /** What a failure is worth. */
    public enum Decision {
        RETRY,
        DEAD_LETTER,
        DISCARD
    }

    private record Rule(Class<? extends Throwable> failure, Decision decision) {
        @Override
        public String toString() {
            return decision + " on " + failure.getName();
        }
    }
}
