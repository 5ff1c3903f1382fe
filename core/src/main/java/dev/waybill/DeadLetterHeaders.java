package dev.waybill;

/** The headers that a dead letter carries beside its own. A message that the broker itself moved has none of them. */
public final class DeadLetterHeaders {
    /** Why it died, in words. */
    public static final String REASON = "waybill-death-reason";
    /** The queue it came from. */
    public static final String QUEUE = "waybill-death-queue";
    /** How often it had been delivered. */
    public static final String DELIVERIES = "waybill-death-deliveries";
    /** The class of the exception, if there was one. */
    public static final String EXCEPTION = "waybill-death-exception";
    /** When it died, in milliseconds since 1970. */
    public static final String TIME = "waybill-death-time";

    private DeadLetterHeaders() {}
}
