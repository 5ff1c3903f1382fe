package dev.waybill.internal;

import dev.waybill.PriorityPolicy;
import java.time.Duration;

/**
 * Says which level is next. Each is first in, first out, so that to compare the first of each is exact.
 *
 * <p>With aging the first is who has the highest {@code level + waited / interval}, which is the one with the least
 * {@code since - level * interval}: that does not change while they wait, so it does not matter when one looks. A share is earned
 * by deficit round robin: of each message that is taken a level that waits earns its part, and one that has earned a whole
 * message is next. What it was given beyond that is not held against it, and what it did not use is not saved up.
 *
 * <p>Not thread-safe.
 */
final class LevelScheduler {
    private final double[] shares;
    private final long agingMillis;
    private final double[] earned;

    LevelScheduler(PriorityPolicy policy) {
        shares = new double[policy.levels()];
        for (int level = 0; level < shares.length; level++) {
            shares[level] = policy.share(level);
        }
        agingMillis = policy.aging().map(Duration::toMillis).orElse(0L);
        earned = new double[shares.length];
    }

    /** The first message of each level. */
    interface Heads {
        /** Whether there is one. */
        boolean waits(int level);

        /** Since when it waits, in milliseconds since 1970. */
        long sinceMillis(int level);
    }

    /** The level whose first message is to be taken, which counts as taken; -1 if there is none. */
    int next(Heads heads) {
        int first = -1;
        int owed = -1;
        for (int level = shares.length - 1; level >= 0; level--) {
            if (!heads.waits(level)) {
                earned[level] = 0;
                continue;
            }
            earned[level] += shares[level];
            if (earned[level] >= 1 && (owed < 0 || earned[level] > earned[owed])) {
                owed = level;
            }
            if (first < 0 || agingMillis > 0 && rank(heads, level) < rank(heads, first)) {
                first = level;
            }
        }
        int next = owed >= 0 ? owed : first;
        if (next >= 0) {
            earned[next] = Math.max(0, earned[next] - 1);
        }
        return next;
    }

    private long rank(Heads heads, int level) {
        return heads.sinceMillis(level) - level * agingMillis;
    }
}
