package dev.waybill;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadStore;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A queue as the application declares it: a name, a payload type, and the patterns it wants, in the field's own words. The
 * adapter maps it. Immutable; make it once, share it.
 *
 * @param <T> the payload's type
 */
public final class Queue<T> {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final Duration SHORTEST_LOCK = Duration.ofSeconds(1);
    private static final Duration LONGEST_LOCK = Duration.ofHours(12);

    private final String name;
    private final Codec<T> codec;
    private final int maxDeliveries;
    private final Duration lockDuration;
    private final RetryPolicy retry;
    private final @Nullable PriorityPolicy priorities;
    private final @Nullable String prioritiesName;
    private final boolean ordered;
    private final @Nullable ClaimCheck claimCheck;
    private final Set<Capability> required;

    private Queue(Builder<T> builder) {
        name = builder.name;
        codec = builder.codec;
        maxDeliveries = builder.maxDeliveries;
        lockDuration = builder.lockDuration;
        retry = builder.retry;
        priorities = builder.priorities;
        prioritiesName = builder.prioritiesName;
        ordered = builder.ordered;
        claimCheck = builder.claimCheck;
        required = Set.copyOf(builder.required);
    }

    /**
     * Starts a declaration.
     *
     * @param name 1 to 64 letters, digits, hyphens and underscores, starting with a letter or digit: what every broker takes
     */
    public static <T> Builder<T> named(String name, Codec<T> codec) {
        return new Builder<>(name, codec);
    }

    /** A queue of text with all defaults. */
    public static Queue<String> ofText(String name) {
        return named(name, Codec.text()).build();
    }

    public String name() {
        return name;
    }

    public Codec<T> codec() {
        return codec;
    }

    public int maxDeliveries() {
        return maxDeliveries;
    }

    public Duration lockDuration() {
        return lockDuration;
    }

    public RetryPolicy retry() {
        return retry;
    }

    /** In which order its messages are handled; empty if that is the order of sending, or if configuration says. */
    public Optional<PriorityPolicy> priorities() {
        return Optional.ofNullable(priorities);
    }

    /** Under which name configuration says in which order its messages are handled. */
    public Optional<String> prioritiesName() {
        return Optional.ofNullable(prioritiesName);
    }

    /** Whether the messages of one key are handled one at a time and in order. */
    public boolean isOrderedByKey() {
        return ordered;
    }

    /** How its large payloads travel; empty if each travels in its message. */
    public Optional<ClaimCheck> claimCheck() {
        return Optional.ofNullable(claimCheck);
    }

    public Set<Capability> required() {
        return required;
    }

    @Override
    public String toString() {
        return "queue '" + name + "'";
    }

    /** Builds a {@link Queue}; each method checks its value. Not thread-safe. */
    public static final class Builder<T> {
        private final String name;
        private final Codec<T> codec;
        private int maxDeliveries = 5;
        private Duration lockDuration = Duration.ofSeconds(30);
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private @Nullable PriorityPolicy priorities;
        private @Nullable String prioritiesName;
        private boolean ordered;
        private @Nullable ClaimCheck claimCheck;
        private final Set<Capability> required = EnumSet.noneOf(Capability.class);

        private Builder(String name, Codec<T> codec) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "queue name '" + name
                                + "' is not allowed: 1 to 64 letters, digits, hyphens and underscores, the first a letter or digit");
            }
            this.name = name;
            this.codec = Objects.requireNonNull(codec, "codec");
        }

        /**
         * How often a message is delivered at most before it goes to the dead-letter queue; 2 to 10, by default 5. The range is
         * what every broker can hold natively: Kafka share groups take 2 to 10 unless the broker is configured for more.
         */
        public Builder<T> maxDeliveries(int maxDeliveries) {
            if (maxDeliveries < 2 || maxDeliveries > 10) {
                throw new IllegalArgumentException(
                        "maxDeliveries of queue '" + name + "' is " + maxDeliveries + " but must be 2 to 10");
            }
            this.maxDeliveries = maxDeliveries;
            return this;
        }

        /**
         * How long a delivered message stays locked to its consumer; a heartbeat extends the lock while the handler runs. By
         * default 30 s; 1 s to 12 h, of which a broker may allow less (Kafka: 15 s to 60 s unless configured otherwise).
         */
        public Builder<T> lockDuration(Duration lockDuration) {
            if (lockDuration.compareTo(SHORTEST_LOCK) < 0 || lockDuration.compareTo(LONGEST_LOCK) > 0) {
                throw new IllegalArgumentException(
                        "lockDuration of queue '" + name + "' is " + lockDuration + " but must be PT1S to PT12H");
            }
            this.lockDuration = lockDuration;
            return this;
        }

        /** How long a message waits between two deliveries, and what is not worth one; by default {@link RetryPolicy#DEFAULT}. */
        public Builder<T> retry(RetryPolicy policy) {
            retry = Objects.requireNonNull(policy, "retry");
            return this;
        }

        /**
         * Has priorities. Where the broker keeps them apart itself, and the policy is strict, that is one queue, and one beside it for
         * delayed messages that are due; else one for each level, of which the consumer takes the next. Of each of these a consumer
         * holds up to its concurrency and prefetch.
         */
        public Builder<T> priorities(PriorityPolicy policy) {
            priorities = Objects.requireNonNull(policy, "priorities");
            prioritiesName = null;
            return this;
        }

        /** Has so many priorities, 2 to 32, of which a higher one always goes first. */
        public Builder<T> priorities(int levels) {
            return priorities(PriorityPolicy.strict(levels));
        }

        /** Has the priorities that configuration has under this name, {@code waybill.priorities.<name>.*}. */
        public Builder<T> priorities(String name) {
            prioritiesName = Objects.requireNonNull(name, "priorities");
            priorities = null;
            return this;
        }

        /**
         * Is ordered by key, a sequential convoy for each: messages of one {@link Message#key} are handled one at a time and in the order
         * in which they were sent by one producer, those of different keys at the same time, over any number of processes. A message
         * that waits for its next delivery holds up those of its own key that come after it, and no others; when it goes to the
         * dead-letter queue, they go on without it. Every message needs a key; none can be delayed, and there are no priorities.
         *
         * <p>What was in hand when a process died comes again, flagged as redelivered, before what comes after it. A retry is kept in
         * the process that has the message, so that its count ends with that process; the broker counts what comes back to it.
         */
        public Builder<T> orderedByKey() {
            ordered = true;
            return this;
        }

        /** Has its large payloads wait in a store, while a reference travels. Its producers and consumers declare the same. */
        public Builder<T> claimCheck(ClaimCheck check) {
            claimCheck = Objects.requireNonNull(check, "claimCheck");
            return this;
        }

        /** {@link #claimCheck(ClaimCheck)} with all defaults, for payloads of more than so many bytes. */
        public Builder<T> claimCheck(long threshold, PayloadStore store) {
            return claimCheck(ClaimCheck.in(store).threshold(threshold).build());
        }

        /** Demands capabilities: on a broker that has not all of them, natively or emulated, declaring the queue fails. */
        public Builder<T> requires(Capability... capabilities) {
            required.addAll(Set.of(capabilities));
            return this;
        }

        /**
         * Makes the queue.
         *
         * @throws IllegalArgumentException if it is ordered and has priorities, which would both say what is next
         */
        public Queue<T> build() {
            if (ordered && (priorities != null || prioritiesName != null)) {
                throw new IllegalArgumentException(
                        "queue '" + name + "' is ordered by key and has priorities: it can have one of the two");
            }
            return new Queue<>(this);
        }
    }
}
