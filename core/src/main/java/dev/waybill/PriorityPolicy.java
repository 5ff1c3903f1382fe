package dev.waybill;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * In which order the messages of a queue are handled that have priorities: how many levels there are, and what keeps a low one
 * from waiting for ever. Part of a queue's declaration. Immutable; each method returns another policy.
 *
 * <p>A message of a higher level goes first, and within a level the one that was sent first. That alone is {@link #strict}: while
 * there are enough messages of a high level, those below wait. {@link #aging} bounds how long; {@link #share} gives a level its part
 * of what is handled, however much there is above. Both hold for each subscription by itself, and so for all that compete.
 */
public final class PriorityPolicy {
    /** The most levels that a queue can have: as many as a quorum queue of RabbitMQ. */
    public static final int MOST_LEVELS = 32;

    private static final Pattern TIER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final double ROUNDING = 1e-9;
    private static final Duration SHORTEST_AGING = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(1);

    private final double[] shares;
    private final Duration aging;
    private final List<Tier> tiers;

    private PriorityPolicy(double[] shares, Duration aging, List<Tier> tiers) {
        this.shares = shares;
        this.aging = aging;
        this.tiers = tiers;
    }

    /**
     * A level by name.
     *
     * @param name as messages and metrics have it
     * @param level from 0, the lowest
     * @param target within which the handling of a message is to start after it was sent; what is later is counted as missed
     */
    public record Tier(String name, int level, Duration target) {}

    /**
     * A higher level always goes first.
     *
     * @param levels how many there are, 2 to 32: from 0, the lowest and that of a message that says nothing, to {@code levels - 1}
     */
    public static PriorityPolicy strict(int levels) {
        if (levels < 2 || levels > MOST_LEVELS) {
            throw new IllegalArgumentException("levels is " + levels + " but must be 2 to " + MOST_LEVELS);
        }
        return new PriorityPolicy(new double[levels], Duration.ZERO, List.of());
    }

    /**
     * A message rises by one level each time it has waited for so long, so that one of level 0 is overtaken only by what was sent
     * less than {@code levels - 1} intervals after it.
     *
     * @param interval 1 ms to 1 day
     */
    public PriorityPolicy aging(Duration interval) {
        checked("aging", interval);
        return new PriorityPolicy(shares, interval, tiers);
    }

    /**
     * Of all messages that are handled while this level has some, at least this part are its own. What it does not need goes to the
     * others.
     *
     * @param share more than 0; those of all levels together at most 1, and less while a level has none, which would starve, whatever
     *     its level and aging
     */
    public PriorityPolicy share(int level, double share) {
        checkLevel(level);
        double[] changed = shares.clone();
        changed[level] = share;
        double all = Arrays.stream(changed).sum();
        if (!(share > 0 && all <= 1 + ROUNDING)) {
            throw new IllegalArgumentException("share of level " + level + " is " + share
                    + " but must be more than 0, and those of all levels at most 1 together, not " + all);
        }
        if (all > 1 - ROUNDING) {
            for (int other = 0; other < changed.length; other++) {
                if (changed[other] == 0) {
                    throw new IllegalArgumentException("share of level " + level + " is " + share
                            + ", with which those of all levels are 1 together, but must leave something: level "
                            + other
                            + " has no share, and would starve");
                }
            }
        }
        return new PriorityPolicy(changed, aging, tiers);
    }

    /**
     * Names a level, and says how soon its messages are to be handled; see {@link Tier}.
     *
     * @param name 1 to 64 letters, digits, hyphens and underscores, the first a letter or digit; each once
     * @param target 1 ms to 1 day
     */
    public PriorityPolicy tier(String name, int level, Duration target) {
        checkLevel(level);
        checked("target", target);
        if (!TIER.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "tier name '" + name
                            + "' is not allowed: 1 to 64 letters, digits, hyphens and underscores, the first a letter or digit");
        }
        for (Tier other : tiers) {
            if (other.name.equals(name) || other.level == level) {
                throw new IllegalArgumentException("tier '" + name + "' of level " + level + " is there already, as '"
                        + other.name + "' of level " + other.level);
            }
        }
        List<Tier> more = new ArrayList<>(tiers);
        more.add(new Tier(name, level, target));
        return new PriorityPolicy(shares, aging, List.copyOf(more));
    }

    private void checkLevel(int level) {
        if (level < 0 || level >= levels()) {
            throw new IllegalArgumentException("level is " + level + " but must be 0 to " + (levels() - 1));
        }
    }

    private static void checked(String what, Duration value) {
        if (value.compareTo(SHORTEST_AGING) < 0 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    what + " of the priority policy is " + value + " but must be PT0.001S to " + LONGEST);
        }
    }

    public int levels() {
        return shares.length;
    }

    /** After what wait a message rises by one level; empty if it does not. */
    public Optional<Duration> aging() {
        return aging.isZero() ? Optional.empty() : Optional.of(aging);
    }

    /** The part that a level has at least; 0 if none is set. */
    public double share(int level) {
        return shares[level];
    }

    /** Whether nothing but the level decides. */
    public boolean isStrict() {
        return aging.isZero() && Arrays.stream(shares).allMatch(share -> share == 0);
    }

    /** The levels that have names, in the order in which they were given. */
    public List<Tier> tiers() {
        return tiers;
    }

    /** The tier of a level; empty if that has no name. */
    public Optional<Tier> tier(int level) {
        for (Tier tier : tiers) {
            if (tier.level == level) {
                return Optional.of(tier);
            }
        }
        return Optional.empty();
    }

    /** The tier of a name. */
    public Optional<Tier> tier(String name) {
        return tiers.stream().filter(tier -> tier.name.equals(name)).findFirst();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PriorityPolicy policy
                && Arrays.equals(shares, policy.shares)
                && aging.equals(policy.aging)
                && tiers.equals(policy.tiers);
    }

    @Override
    public int hashCode() {
        return Objects.hash(Arrays.hashCode(shares), aging, tiers);
    }

    @Override
    public String toString() {
        return shares.length + " levels" + (aging.isZero() ? "" : ", aging " + aging)
                + (Arrays.stream(shares).allMatch(share -> share == 0) ? "" : ", shares " + Arrays.toString(shares))
                + (tiers.isEmpty() ? "" : ", " + tiers);
    }
}
