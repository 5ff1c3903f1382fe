package dev.waybill.internal;

import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Envelope;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A dead letter as its headers tell. */
record DeadLetterView(Envelope envelope, String inQueue) implements DeadLetter {
    private static final String BY_BROKER = "moved by the broker: its consumers did not settle it";

    @Override
    public String id() {
        return envelope.id();
    }

    @Override
    public Optional<String> key() {
        return Optional.ofNullable(envelope.key());
    }

    @Override
    public Map<String, String> headers() {
        return CoreHeaders.without(Collections.unmodifiableMap(withoutDeath(envelope.headers())));
    }

    /** The headers before its death, and without what had happened before that. */
    static Map<String, String> withoutDeath(Map<String, String> headers) {
        Map<String, String> alive = new LinkedHashMap<>();
        headers.forEach((name, value) -> {
            if (!CoreHeaders.isOfItsLife(name)) {
                alive.put(name, value);
            }
        });
        return alive;
    }

    @Override
    public byte[] body() {
        return envelope.body();
    }

    @Override
    public Optional<String> contentType() {
        return Optional.ofNullable(envelope.contentType());
    }

    @Override
    public String queue() {
        return header(DeadLetterHeaders.QUEUE).orElse(inQueue);
    }

    @Override
    public String reason() {
        return header(DeadLetterHeaders.REASON).orElse(BY_BROKER);
    }

    @Override
    public Optional<String> error() {
        return header(DeadLetterHeaders.EXCEPTION);
    }

    @Override
    public Optional<String> errorMessage() {
        return header(DeadLetterHeaders.MESSAGE);
    }

    @Override
    public Optional<String> stackTrace() {
        return header(DeadLetterHeaders.STACK);
    }

    @Override
    public int deliveries() {
        long told = number(DeadLetterHeaders.DELIVERIES);
        // The broker knows only of the last copy; core's own letters have no such header any more.
        return told == 0 ? 0 : (int) told + CoreHeaders.deliveriesBefore(envelope.headers());
    }

    @Override
    public Optional<Instant> sentAt() {
        return instant(envelope.sentAtMillis());
    }

    @Override
    public Optional<Instant> diedAt() {
        return instant(number(DeadLetterHeaders.TIME));
    }

    @Override
    public Optional<String> consumer() {
        return header(DeadLetterHeaders.CONSUMER);
    }

    @Override
    public Optional<String> host() {
        return header(DeadLetterHeaders.HOST);
    }

    private Optional<String> header(String name) {
        return Optional.ofNullable(envelope.headers().get(name));
    }

    /** 0 if it is not there, or not a number: it may have been written by anybody. */
    private long number(String name) {
        @Nullable String text = envelope.headers().get(name);
        if (text == null || !text.matches("\\d{1,18}")) {
            return 0;
        }
        return Long.parseLong(text);
    }

    private static Optional<Instant> instant(long millis) {
        return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    }

    @Override
    public String toString() {
        return "dead letter " + id() + " of queue " + queue() + ": " + reason();
    }
}
