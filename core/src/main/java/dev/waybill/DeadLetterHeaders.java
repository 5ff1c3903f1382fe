package dev.waybill;

/** The headers that a dead letter carries beside its own. One that the broker itself moved has those that the broker knows, or none. */
public final class DeadLetterHeaders {
    /** Why it died, in words. */
    public static final String REASON = "waybill-death-reason";
    /** The queue it came from. */
    public static final String QUEUE = "waybill-death-queue";
    /** How often it had been delivered. */
    public static final String DELIVERIES = "waybill-death-deliveries";
    /** The class of the exception, if there was one. */
    public static final String EXCEPTION = "waybill-death-exception";
    /** The exception's message, cut to 1,024 characters. */
    public static final String MESSAGE = "waybill-death-message";
    /** The exception's stack trace, cut to 4,096 characters. */
    public static final String STACK = "waybill-death-stack";
    /** The consumer that gave it up: its {@code waybill.client-name}. */
    public static final String CONSUMER = "waybill-death-consumer";
    /** The host of that consumer. */
    public static final String HOST = "waybill-death-host";
    /** When it died, in milliseconds since 1970. */
    public static final String TIME = "waybill-death-time";

    private DeadLetterHeaders() {}
}
