package dev.waybill;

import dev.waybill.internal.MessageIds;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A message: a payload, an id, perhaps a key, and headers. Immutable as far as its payload is.
 *
 * @param <T> the payload's type
 */
public final class Message<T> {
    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final int LONGEST_ID = 128;
    private static final Duration LONGEST_DELAY = Duration.ofDays(365);

    private final T payload;
    private final String id;
    private final @Nullable String key;
    private final Map<String, String> headers;

    /** Milliseconds from the sending on, or, if {@link #delayIsDate}, since 1970. */
    private final long delay;

    private final boolean delayIsDate;

    private final int priority;
    private final @Nullable String tier;

    private Message(
            T payload,
            String id,
            @Nullable String key,
            Map<String, String> headers,
            long delay,
            boolean delayIsDate,
            int priority,
            @Nullable String tier) {
        this.priority = priority;
        this.tier = tier;
        this.delay = delay;
        this.delayIsDate = delayIsDate;
        this.payload = payload;
        this.id = id;
        this.key = key;
        this.headers = headers;
    }

    /** A message with a new id and nothing else. */
    public static <T> Message<T> of(T payload) {
        return new Message<>(
                Objects.requireNonNull(payload, "payload"), MessageIds.next(), null, Map.of(), 0, false, 0, null);
    }

    /** Starts a message with more than a payload. */
    public static <T> Builder<T> with(T payload) {
        return new Builder<>(payload);
    }

    public T payload() {
        return payload;
    }

    /** Unique, and kept over redeliveries, retries and moves: what an idempotent consumer remembers. */
    public String id() {
        return id;
    }

    /** The correlation key. */
    public Optional<String> key() {
        return Optional.ofNullable(key);
    }

    /** The application's headers, unmodifiable. */
    public Map<String, String> headers() {
        return headers;
    }

    /** Its level, from 0, the lowest; see {@link Builder#priority}. */
    public int priority() {
        return priority;
    }

    /** The name of its level, if it was given by that. */
    public Optional<String> tier() {
        return Optional.ofNullable(tier);
    }

    /** How long it is to wait if it is sent now, in milliseconds; 0 if not at all. */
    public long delayMillis(long nowMillis) {
        return delayIsDate ? Math.max(0, delay - nowMillis) : delay;
    }

    /** The name of a header, if {@link Builder#header} allows it. */
    static String checkedHeader(String name) {
        if (!HEADER.matcher(name).matches() || name.startsWith("waybill-")) {
            throw new IllegalArgumentException(
                    "header name '" + name
                            + "' is not allowed: 1 to 128 letters, digits, dots, hyphens and underscores, not starting with 'waybill-'");
        }
        return name;
    }

    @Override
    public String toString() {
        return "message " + id + (key == null ? "" : " with key " + key);
    }

    /** Builds a {@link Message}; each method checks its value. Not thread-safe. */
    public static final class Builder<T> {
        private final T payload;
        private @Nullable String id;
        private @Nullable String key;
        private @Nullable Map<String, String> headers;
        private long delay;
        private boolean delayIsDate;
        private int priority;
        private @Nullable String tier;

        private Builder(T payload) {
            this.payload = Objects.requireNonNull(payload, "payload");
        }

        /** An id of the application's own, 1 to 128 characters; by default a new time-ordered UUID. */
        public Builder<T> id(String id) {
            if (id.isEmpty() || id.length() > LONGEST_ID) {
                throw new IllegalArgumentException(
                        "message id '" + id + "' must have 1 to " + LONGEST_ID + " characters");
            }
            this.id = id;
            return this;
        }

        /** The correlation key, 1 to 128 characters. */
        public Builder<T> key(String key) {
            if (key.isEmpty() || key.length() > LONGEST_ID) {
                throw new IllegalArgumentException(
                        "message key '" + key + "' must have 1 to " + LONGEST_ID + " characters");
            }
            this.key = key;
            return this;
        }

        /**
         * A header. The name is 1 to 128 letters, digits, dots, hyphens and underscores; names that start with
         * {@code waybill-} are Waybill's own.
         */
        public Builder<T> header(String name, String value) {
            if (headers == null) {
                headers = new LinkedHashMap<>();
            }
            headers.put(checkedHeader(name), Objects.requireNonNull(value, name));
            return this;
        }

        /**
         * Is delivered no earlier than so long after it is sent; up to 365 days. It is stored at once, and holds up no other. How
         * exact that is, the broker says ({@link Capability#DELAYED_SEND}); it is a little late rather than early.
         */
        public Builder<T> delay(Duration delay) {
            if (delay.isNegative() || delay.compareTo(LONGEST_DELAY) > 0) {
                throw new IllegalArgumentException("delay is " + delay + " but must be PT0S to " + LONGEST_DELAY);
            }
            this.delay = delay.toMillis();
            delayIsDate = false;
            return this;
        }

        /** Is delivered no earlier than then, at once if that is past; as {@link #delay}, and at most 365 days ahead. */
        public Builder<T> deliverAt(Instant time) {
            if (time.isAfter(Instant.now().plus(LONGEST_DELAY))) {
                throw new IllegalArgumentException(
                        "deliverAt is " + time + " but must be at most " + LONGEST_DELAY + " ahead");
            }
            delay = Math.max(0, time.toEpochMilli());
            delayIsDate = true;
            return this;
        }

        /**
         * Its level in a queue with priorities: 0, the lowest and the default, to one less than {@link PriorityPolicy#levels}. A send
         * to a queue that has no such level fails.
         */
        public Builder<T> priority(int level) {
            if (level < 0 || level >= PriorityPolicy.MOST_LEVELS) {
                throw new IllegalArgumentException(
                        "priority is " + level + " but must be 0 to " + (PriorityPolicy.MOST_LEVELS - 1));
            }
            priority = level;
            tier = null;
            return this;
        }

        /** Its level by name; a send to a queue whose {@link PriorityPolicy#tiers} do not have it fails. */
        public Builder<T> tier(String name) {
            tier = Objects.requireNonNull(name, "tier");
            priority = 0;
            return this;
        }

        public Message<T> build() {
            return new Message<>(
                    payload,
                    id == null ? MessageIds.next() : id,
                    key,
                    headers == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(headers)),
                    delay,
                    delayIsDate,
                    priority,
                    tier);
        }
    }
}
