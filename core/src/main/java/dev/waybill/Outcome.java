package dev.waybill;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a handler says of a delivery. A handler that cannot forget to answer cannot forget to acknowledge. */
public final class Outcome {
    private static final Duration LONGEST_DELAY = Duration.ofDays(365);
    private static final Outcome ACCEPT = new Outcome(Kind.ACCEPT, "", null);
    private static final Outcome RETRY = new Outcome(Kind.RETRY, "", null);
    private static final Outcome RELEASE = new Outcome(Kind.RELEASE, "", null);

    private final Kind kind;
    private final String reason;
    private final @Nullable Duration after;

    private Outcome(Kind kind, String reason, @Nullable Duration after) {
        this.after = after;
        this.kind = kind;
        this.reason = reason;
    }

    /** Done: the message is deleted. */
    public static Outcome accept() {
        return ACCEPT;
    }

    /** Failed: it is delivered again as the queue's {@link RetryPolicy} says, or dead-lettered if this was its last delivery. */
    public static Outcome retry() {
        return RETRY;
    }

    /** As {@link #retry()}, but after so long, whatever the policy says: 0 to 365 days. */
    public static Outcome retry(Duration after) {
        if (after.isNegative() || after.compareTo(LONGEST_DELAY) > 0) {
            throw new IllegalArgumentException("retry after " + after + " must be PT0S to " + LONGEST_DELAY);
        }
        return new Outcome(Kind.RETRY, "", after);
    }

    /** It can never succeed: it goes to the dead-letter queue now. */
    public static Outcome deadLetter(String reason) {
        return new Outcome(Kind.DEAD_LETTER, reason, null);
    }

    /** Not tried: it goes back, and the delivery does not count where the broker allows that. */
    public static Outcome release() {
        return RELEASE;
    }

    public Kind kind() {
        return kind;
    }

    /** Why it was dead-lettered; empty for the other kinds. */
    public String reason() {
        return reason;
    }

    /** After how long it is to be delivered again, if the handler said so. */
    public Optional<Duration> after() {
        return Optional.ofNullable(after);
    }

    @Override
    public String toString() {
        return reason.isEmpty() ? kind.toString() : kind + ": " + reason;
    }

    /** The kinds of outcome. */
    public enum Kind {
        ACCEPT,
        RETRY,
        DEAD_LETTER,
        RELEASE
    }
}
