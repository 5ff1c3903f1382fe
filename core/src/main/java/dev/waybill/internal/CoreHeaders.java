package dev.waybill.internal;

import dev.waybill.PriorityPolicy;
import dev.waybill.spi.Envelope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The headers that core itself puts on a message, for itself; an application does not see them. */
final class CoreHeaders {
    /** What every header of Waybill's own starts with, those of a death too. */
    static final String PREFIX = "waybill-";

    /** The form of the headers that Waybill adds to a message; a message without it is of the first, {@link #FORM}. */
    static final String VERSION = PREFIX + "version";

    /** On a copy that core has made: how often the message had been delivered before. Its presence is a redelivery flag. */
    static final String DELIVERIES = PREFIX + "deliveries";
    /** Not to be handled before this time, in milliseconds since 1970, where the broker cannot delay for so long. */
    static final String DUE = PREFIX + "due";
    /** The level of a message, if it is not 0. */
    static final String PRIORITY = PREFIX + "priority";
    /**
     * Since when a message waits that was to wait before, was due then or is back from the dead letters, in milliseconds since 1970; of
     * queues with priorities.
     */
    static final String SINCE = PREFIX + "since";
    /** On a dead letter that a sweep has seen, and put at the end of its queue: which sweep. */
    static final String SWEPT = PREFIX + "sweep";

    private static final List<String> OF_ALL_MESSAGES = List.of(DELIVERIES, DUE, VERSION, PRIORITY, SINCE);
    private static final String OF_A_DEATH = PREFIX + "death-";
    private static final String FORM = "1";
    private static final int MOST_DELIVERIES = 1_000_000_000;
    /** A message waits for 365 days at most; the clock of who has sent it may be ahead by the rest. */
    private static final long MOST_AHEAD_MILLIS = TimeUnit.DAYS.toMillis(366);

    private static final int LONGEST_SHOWN = 40;

    private CoreHeaders() {}

    /**
     * Whether a header is of what has happened to a message so far, and so ends with its death or its return. What a later
     * Waybill may have written beside is not.
     */
    static boolean isOfItsLife(String name) {
        return name.startsWith(OF_A_DEATH)
                || name.equals(DELIVERIES)
                || name.equals(DUE)
                || name.equals(SINCE)
                || name.equals(SWEPT);
    }

    /** What an application sees. */
    static Map<String, String> without(Map<String, String> headers) {
        if (!headers.containsKey(DELIVERIES)
                && !headers.containsKey(DUE)
                && !headers.containsKey(VERSION)
                && !headers.containsKey(PRIORITY)
                && !headers.containsKey(SINCE)) {
            return headers;
        }
        Map<String, String> others = new LinkedHashMap<>(headers);
        others.keySet().removeAll(OF_ALL_MESSAGES);
        return java.util.Collections.unmodifiableMap(others);
    }

    /**
     * What is wrong with them, or null.
     *
     * @param nowMillis the time of day
     */
    static @Nullable String defect(Map<String, String> headers, long nowMillis) {
        String version = headers.get(VERSION);
        if (version != null && !version.equals(FORM)) {
            return "header " + VERSION + " is '" + cut(version) + "' but must be " + FORM
                    + ": a later Waybill may have sent it";
        }
        String wrong = wrong(headers, DELIVERIES, MOST_DELIVERIES);
        wrong = wrong != null ? wrong : wrong(headers, DUE, nowMillis + MOST_AHEAD_MILLIS);
        wrong = wrong != null ? wrong : wrong(headers, SINCE, nowMillis + MOST_AHEAD_MILLIS);
        return wrong != null ? wrong : wrong(headers, PRIORITY, PriorityPolicy.MOST_LEVELS - 1);
    }

    private static @Nullable String wrong(Map<String, String> headers, String name, long most) {
        String text = headers.get(name);
        return text == null || number(text, most) >= 0
                ? null
                : "header " + name + " is '" + cut(text) + "' but must be a number, 0 to " + most;
    }

    private static String cut(String text) {
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
    }

    /** Negative if it is none. */
    private static long number(String text, long most) {
        try {
            long number = Long.parseLong(text);
            return number <= most ? number : -1;
        } catch (NumberFormatException notOne) {
            return -1;
        }
    }

    /** How often it was delivered before this copy of it was made; 0 also if that cannot be read. */
    static int deliveriesBefore(Map<String, String> headers) {
        String text = headers.get(DELIVERIES);
        return text == null ? 0 : (int) Math.max(0, number(text, MOST_DELIVERIES));
    }

    /** When it may be handled; 0 if at once. */
    static long due(Map<String, String> headers) {
        String text = headers.get(DUE);
        return text == null ? 0 : Math.max(0, number(text, Long.MAX_VALUE));
    }

    /** Since when it waits: since it was sent, or what it says; 0 if that is unknown. */
    static long since(Envelope envelope) {
        String text = envelope.headers().get(SINCE);
        return Math.max(envelope.sentAtMillis(), text == null ? 0 : number(text, Long.MAX_VALUE));
    }

    /** A copy that waits since then. */
    static Envelope since(Envelope envelope, long millis) {
        Map<String, String> headers = new LinkedHashMap<>(envelope.headers());
        headers.put(SINCE, Long.toString(millis));
        return with(envelope, headers);
    }

    /** A copy that is to be delivered once more, after so many times. */
    static Envelope redelivered(Envelope envelope, int deliveries) {
        Map<String, String> headers = new LinkedHashMap<>(envelope.headers());
        headers.remove(DUE);
        headers.put(DELIVERIES, Integer.toString(deliveries));
        return with(envelope, headers);
    }

    /** Its level; 0 also if that cannot be read. */
    static int priority(Map<String, String> headers) {
        String text = headers.get(PRIORITY);
        return text == null ? 0 : (int) Math.max(0, number(text, PriorityPolicy.MOST_LEVELS - 1));
    }

    static Envelope with(Envelope envelope, Map<String, String> headers) {
        return new Envelope(
                envelope.id(),
                envelope.key(),
                envelope.contentType(),
                envelope.sentAtMillis(),
                headers,
                envelope.body());
    }
}
