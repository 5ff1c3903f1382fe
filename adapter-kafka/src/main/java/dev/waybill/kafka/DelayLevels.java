package dev.waybill.kafka;

import dev.waybill.RetryPolicy;
import dev.waybill.spi.QueueDefinition;
import java.util.NavigableSet;

/**
 * How long a message waits in which delay topic. Level 0 holds a message for 128 ms at most, each further one for twice as long as
 * the one before; a longer wait is made up of several. What is in one level waits in the order of its log, so a message is
 * kept from leaving by those before it, at most until its level's step has passed, and a little more.
 */
final class DelayLevels {
    /** The lowest is 128 ms, the highest 70 minutes; what waits longer passes through the highest several times. */
    static final int COUNT = 16;

    private static final long SHORTEST = 128;

    /** A wait that is so little shorter than a step takes that step; that may make it so much late. */
    private static final long MOST_ROUNDED = 200;

    /** A wait that is so little longer than a step stays there, which may make those behind it so much late. */
    private static final long MOST_OVERTIME = 64;

    private DelayLevels() {}

    static long step(int level) {
        return SHORTEST << level;
    }

    /** Where a message is put that is still to wait for so long. */
    static int level(long millis) {
        int level = 0;
        while (level + 1 < COUNT && step(level + 1) - rounded(level + 1) <= millis) {
            level++;
        }
        return level;
    }

    private static long rounded(int level) {
        return Math.min(step(level) / 16, MOST_ROUNDED);
    }

    /** The same where not all levels exist: the next lower one that does, or, without one, the lowest. */
    static int level(long millis, NavigableSet<Integer> existing) {
        Integer level = existing.floor(level(millis));
        return level == null ? existing.first() : level;
    }

    /** How much of that time it waits in this level. */
    static long share(int level, long millis) {
        long step = step(level);
        return millis <= step + Math.min(step / 8, MOST_OVERTIME) ? millis : step;
    }

    /**
     * How many levels, from 0, the retries of a queue can meet; 0 if they wait for nothing. All below the first are among them,
     * since what is left after one step may be anything.
     */
    static int needed(QueueDefinition queue) {
        RetryPolicy retry = queue.retry();
        if (retry.ceiling().isZero() || queue.maxDeliveries() < 2) {
            return 0;
        }
        long plain = retry.plainDelay(queue.maxDeliveries() - 1).toMillis();
        long longest = (long) Math.ceil(plain * (1 + retry.jitter()));
        return level(Math.min(retry.ceiling().toMillis(), longest)) + 1;
    }
}
