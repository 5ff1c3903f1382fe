package dev.waybill;

/** What a handler says of a delivery. A handler that cannot forget to answer cannot forget to acknowledge. */
public final class Outcome {
    private static final Outcome ACCEPT = new Outcome(Kind.ACCEPT, "");
    private static final Outcome RETRY = new Outcome(Kind.RETRY, "");
    private static final Outcome RELEASE = new Outcome(Kind.RELEASE, "");

    private final Kind kind;
    private final String reason;

    private Outcome(Kind kind, String reason) {
        this.kind = kind;
        this.reason = reason;
    }

    /** Done: the message is deleted. */
    public static Outcome accept() {
        return ACCEPT;
    }

    /** Failed: it is delivered again, or dead-lettered if this was its last delivery. */
    public static Outcome retry() {
        return RETRY;
    }

    /** It can never succeed: it goes to the dead-letter queue now. */
    public static Outcome deadLetter(String reason) {
        return new Outcome(Kind.DEAD_LETTER, reason);
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
