package dev.waybill.rabbitmq;

import java.time.Duration;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a message is kept back: it passes through some of the queues {@code waybill.delay-0} to {@code -19}, the levels, which all
 * queues of a virtual host share. A level keeps each message for the same time, twice that of the level below, so that none waits
 * behind one that is due later. The routing key says which: {@code orders.0.1.1...} has a digit for each level, the highest first.
 * What has waited long enough in one is dead-lettered to its exchange for the next lower level that it needs, and in the end to
 * {@value #DUE}, to which each queue is bound.
 */
final class Delays {
    /** Where delayed messages are published. It knows each queue that is declared, so that one for any other is returned. */
    static final String ENTRY = "waybill.delay";
    /** Where they are when their time has come. */
    static final String DUE = "waybill.due";
    /**
     * The exchange and the queue for what is due after its queue was deleted. A level would keep it, and after 32 of them stop for
     * all others.
     */
    static final String UNDELIVERABLE = "waybill.undeliverable";

    static final int LEVELS = 20;
    /** How many of them one message passes through at most. */
    static final int MOST_LEVELS = 8;

    static final long MOST_MILLIS = Duration.ofDays(1).toMillis();
    private static final int UNIT_MILLIS = 100;
    /** What part of a delay it may be longer, to pass through fewer levels. */
    private static final int PRECISION = 128;

    /** Above what a busy server takes for all levels, and below what one takes to start. */
    private static final long LATE_MILLIS = 3000;

    private Delays() {}

    /** The queue of a level, and the exchange that it receives from. */
    static String level(int level) {
        return ENTRY + "-" + level;
    }

    /** Of the level's queue. */
    static Map<String, Object> arguments(int level) {
        Map<String, Object> arguments = new HashMap<>();
        arguments.put("x-queue-type", "quorum");
        // The server counts whole milliseconds: with one less it could be early.
        arguments.put("x-message-ttl", (UNIT_MILLIS << level) + 1);
        arguments.put("x-dead-letter-exchange", level == 0 ? DUE : level(level - 1));
        arguments.put("x-dead-letter-strategy", "at-least-once");
        arguments.put("x-overflow", "reject-publish");
        return arguments;
    }

    /** What is in the routing keys for which this level is the highest, from that level's exchange down, that is needed. */
    static String pattern(int exchange, int level) {
        return digits(exchange) + ".0".repeat(exchange - level) + ".1.#";
    }

    /** What is in the routing keys that need no level from this one down. */
    static String passes(int exchange) {
        return digits(exchange) + ".0".repeat(exchange + 1);
    }

    /** The queue's name, and any digits for the levels above. */
    private static String digits(int exchange) {
        return "*" + ".*".repeat(LEVELS - 1 - exchange);
    }

    /** What is in the routing keys of one queue, whose name has no dot. */
    static String all(String queue) {
        return queue + ".#";
    }

    /** @param millis from 1 to {@link #MOST_MILLIS} */
    static String routingKey(String queue, long millis) {
        long units = units(millis);
        StringBuilder key = new StringBuilder(queue);
        for (int level = LEVELS - 1; level >= 0; level--) {
            key.append((units >> level & 1) == 1 ? ".1" : ".0");
        }
        return key.toString();
    }

    /**
     * The delay in units, rounded up, and up again by at most one part in {@value #PRECISION} if fewer levels keep it then: of all
     * the numbers in a range, the one with the most zeros at its end has the fewest ones.
     */
    static long units(long millis) {
        long least = (millis + UNIT_MILLIS - 1) / UNIT_MILLIS;
        long most = least + least / PRECISION;
        long units = least;
        for (long step = 2; (least + step - 1) / step * step <= most; step *= 2) {
            units = (least + step - 1) / step * step;
        }
        return units;
    }

    /** For how long the levels keep a message that is to wait for so long. */
    static long keptMillis(long millis) {
        return units(millis) * UNIT_MILLIS;
    }

    /**
     * Whether a message left a level so late that the server has been away. A server that dies just after it has passed a message to the
     * next level, and before it has written down that it did, passes it on again, and says nothing of it.
     *
     * @param deaths in which the server wrote down when the message left each level, in whole seconds
     * @param dueMillis when it should have left the last, in milliseconds since 1970
     */
    static boolean isLate(@Nullable Object deaths, long dueMillis) {
        if (deaths instanceof List<?> list) {
            for (Object each : list) {
                if (each instanceof Map<?, ?> death
                        && String.valueOf(death.get("queue")).startsWith(ENTRY + "-")
                        && death.get("time") instanceof Date time
                        && time.toInstant().toEpochMilli() - dueMillis >= LATE_MILLIS) {
                    return true;
                }
            }
        }
        return false;
    }
}
