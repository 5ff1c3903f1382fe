package dev.waybill;

import dev.waybill.internal.MessageIds;
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

    private final T payload;
    private final String id;
    private final @Nullable String key;
    private final Map<String, String> headers;

    private Message(T payload, String id, @Nullable String key, Map<String, String> headers) {
        this.payload = payload;
        this.id = id;
        this.key = key;
        this.headers = headers;
    }

    /** A message with a new id and nothing else. */
    public static <T> Message<T> of(T payload) {
        return new Message<>(Objects.requireNonNull(payload, "payload"), MessageIds.next(), null, Map.of());
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
            if (!HEADER.matcher(name).matches() || name.startsWith("waybill-")) {
                throw new IllegalArgumentException(
                        "header name '" + name
                                + "' is not allowed: 1 to 128 letters, digits, dots, hyphens and underscores, not starting with 'waybill-'");
            }
            if (headers == null) {
                headers = new LinkedHashMap<>();
            }
            headers.put(name, Objects.requireNonNull(value, name));
            return this;
        }

        public Message<T> build() {
            return new Message<>(
                    payload,
                    id == null ? MessageIds.next() : id,
                    key,
                    headers == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(headers)));
        }
    }
}
