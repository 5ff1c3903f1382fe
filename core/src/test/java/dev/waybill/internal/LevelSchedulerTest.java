package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.PriorityPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Against a plain model: all that waits in one list, of which the best is searched for each time. */
class LevelSchedulerTest {
    private static final int LEVELS = 5;
    private static final double ROUNDING = 1e-9;

    /** One that waits: its number tells the order in which it came. */
    private record Waiting(int number, int level, long since) {}

    /** What happens next: somebody comes, or the next is taken. */
    private record Step(int level, int millis, boolean takes) {}

    /** Levels with queues, as an intake has them. */
    private static final class Queues implements LevelScheduler.Heads {
        final List<ArrayDeque<Waiting>> levels = new ArrayList<>();

        Queues() {
            for (int level = 0; level < LEVELS; level++) {
                levels.add(new ArrayDeque<>());
            }
        }

        @Override
        public boolean waits(int level) {
            return !levels.get(level).isEmpty();
        }

        @Override
        public long sinceMillis(int level) {
            return levels.get(level).element().since;
        }

        boolean[] waiting() {
            boolean[] waiting = new boolean[LEVELS];
            for (int level = 0; level < LEVELS; level++) {
                waiting[level] = waits(level);
            }
            return waiting;
        }

        boolean any() {
            return levels.stream().anyMatch(queue -> !queue.isEmpty());
        }

        Waiting take(LevelScheduler scheduler) {
            int next = scheduler.next(this);
            return levels.get(next).remove();
        }

        Waiting come(int number, int level, long now) {
            Waiting waiting = new Waiting(number, level, now);
            levels.get(level).add(waiting);
            return waiting;
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, LEVELS - 1),
                        Arbitraries.integers().between(0, 50),
                        Arbitraries.of(true, true, false, false, false))
                .as(Step::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(400);
    }

    /** Runs the steps, then takes the rest; each that is taken must be what the model says. */
    private static void follows(List<Step> steps, PriorityPolicy policy, Comparator<Waiting> order) {
        LevelScheduler scheduler = new LevelScheduler(policy);
        Queues queues = new Queues();
        List<Waiting> model = new ArrayList<>();
        long now = 1_000_000;
        int number = 0;
        for (Step step : steps) {
            now += step.millis;
            if (!step.takes) {
                model.add(queues.come(number++, step.level, now));
            } else if (!model.isEmpty()) {
                takes(scheduler, queues, model, order);
            }
        }
        while (!model.isEmpty()) {
            takes(scheduler, queues, model, order);
        }
        assertThat(scheduler.next(queues)).isEqualTo(-1);
    }

    private static void takes(LevelScheduler scheduler, Queues queues, List<Waiting> model, Comparator<Waiting> order) {
        Waiting expected = model.stream().min(order).orElseThrow();
        assertThat(queues.take(scheduler)).isEqualTo(expected);
        model.remove(expected);
    }

    @Property
    void strictTheHighestLevelFirstAndInItTheFirst(@ForAll("steps") List<Step> steps) {
        follows(
                steps,
                PriorityPolicy.strict(LEVELS),
                Comparator.<Waiting>comparingInt(waiting -> -waiting.level).thenComparingInt(Waiting::number));
    }

    @Property
    void agingTheHighestSumOfLevelAndWaitFirst(@ForAll("steps") List<Step> steps) {
        int interval = 20;
        follows(
                steps,
                PriorityPolicy.strict(LEVELS).aging(Duration.ofMillis(interval)),
                // At whatever time one looks; here at the last.
                Comparator.<Waiting>comparingDouble(
                                waiting -> -(waiting.level + (2_000_000.0 - waiting.since) / interval))
                        .thenComparingInt(waiting -> -waiting.level)
                        .thenComparingInt(Waiting::number));
    }

    @Property
    void agingNobodyIsOvertakenByWhatCameMuchLater(@ForAll("steps") List<Step> steps) {
        long interval = 30;
        LevelScheduler scheduler =
                new LevelScheduler(PriorityPolicy.strict(LEVELS).aging(Duration.ofMillis(interval)));
        Queues queues = new Queues();
        long now = 0;
        int number = 0;
        for (Step step : steps) {
            now += step.millis;
            queues.come(number++, step.level, now);
            if (step.takes) {
                Waiting taken = queues.take(scheduler);
                for (ArrayDeque<Waiting> level : queues.levels) {
                    for (Waiting left : level) {
                        assertThat(taken.since - left.since)
                                .as("%s before %s", taken, left)
                                .isLessThanOrEqualTo((LEVELS - 1) * interval);
                    }
                }
            }
        }
    }

    @Property
    void aShareIsHadInEveryStretchInWhichItsLevelWaits(
            @ForAll("steps") List<Step> steps, @ForAll("shares") List<Double> shares) {
        LevelScheduler scheduler = new LevelScheduler(policy(shares));
        Queues queues = new Queues();
        int[] taken = new int[LEVELS];
        int[] stretch = new int[LEVELS];
        int number = 0;
        for (Step step : steps) {
            // Three of a kind, so that there is often a backlog.
            for (int i = 0; i < 3; i++) {
                queues.come(number++, step.level, number);
            }
            for (int takes = step.millis % 4; takes > 0 && queues.any(); takes--) {
                boolean[] waited = queues.waiting();
                int next = queues.take(scheduler).level;
                for (int level = 0; level < LEVELS; level++) {
                    stretch[level] = waited[level] ? stretch[level] + 1 : 0;
                    taken[level] = waited[level] ? taken[level] + (level == next ? 1 : 0) : 0;
                    // Others that have earned a whole one at the same time may come before it.
                    assertThat(taken[level])
                            .as("level %s in a stretch of %s", level, stretch[level])
                            .isGreaterThanOrEqualTo((int) Math.floor(shares.get(level) * stretch[level]) - LEVELS);
                }
            }
        }
    }

    /** Nor is what it could have had while it was idle saved up. */
    @Property
    void whileTheHighestWaitsNoOtherHasMoreThanItsShare(
            @ForAll("steps") List<Step> steps, @ForAll("shares") List<Double> shares) {
        LevelScheduler scheduler = new LevelScheduler(policy(shares));
        Queues queues = new Queues();
        int[] taken = new int[LEVELS];
        int[] stretch = new int[LEVELS];
        int number = 0;
        for (Step step : steps) {
            queues.come(number++, step.level, number);
            for (int takes = step.millis % 8; takes > 0; takes--) {
                queues.come(number++, LEVELS - 1, number);
                boolean[] waited = queues.waiting();
                int next = queues.take(scheduler).level;
                for (int level = 0; level < LEVELS - 1; level++) {
                    stretch[level] = waited[level] ? stretch[level] + 1 : 0;
                    taken[level] = waited[level] ? taken[level] + (level == next ? 1 : 0) : 0;
                    assertThat(taken[level])
                            .as("level %s in a stretch of %s", level, stretch[level])
                            .isLessThanOrEqualTo((int) Math.floor(shares.get(level) * stretch[level] + ROUNDING));
                }
            }
        }
    }

    /** One choice of the scheduler, and among which levels. */
    private record Turn(boolean[] waited, int taken) {}

    /** The model counts anew each time what a level has earned since it waits, and not used. */
    @Property
    void sharesWhoIsOwedMostAndElseTheHighest(
            @ForAll("steps") List<Step> steps, @ForAll("shares") List<Double> shares) {
        LevelScheduler scheduler = new LevelScheduler(policy(shares));
        Queues queues = new Queues();
        List<Turn> turns = new ArrayList<>();
        int number = 0;
        for (Step step : steps) {
            queues.come(number++, step.level, number);
            for (int takes = step.millis % 3; takes > 0 && queues.any(); takes--) {
                boolean[] waited = queues.waiting();
                int expected = -1;
                double most = 0;
                for (int level = LEVELS - 1; level >= 0; level--) {
                    double owed = waited[level] ? earned(level, shares.get(level), turns) : 0;
                    if (waited[level] && (expected < 0 || owed >= 1 && owed > most)) {
                        expected = level;
                        most = owed >= 1 ? owed : 0;
                    }
                }
                int taken = queues.take(scheduler).level;
                assertThat(taken).isEqualTo(expected);
                turns.add(new Turn(waited, taken));
            }
        }
    }

    /** With the turn that is now. */
    private static double earned(int level, double share, List<Turn> turns) {
        double earned = 0;
        for (Turn turn : turns) {
            earned = turn.waited[level] ? earned + share : 0;
            earned = turn.taken == level ? Math.max(0, earned - 1) : earned;
        }
        return earned + share;
    }

    private static PriorityPolicy policy(List<Double> shares) {
        PriorityPolicy policy = PriorityPolicy.strict(LEVELS);
        for (int level = 0; level < LEVELS; level++) {
            if (shares.get(level) > 0) {
                policy = policy.share(level, shares.get(level));
            }
        }
        return policy;
    }

    @Provide
    Arbitrary<List<Double>> shares() {
        return Arbitraries.of(0.0, 0.05, 0.1, 0.15, 0.2).list().ofSize(LEVELS);
    }

    @Property
    void somebodyIsNextWhileAnybodyWaits(@ForAll("steps") List<Step> steps) {
        LevelScheduler scheduler = new LevelScheduler(PriorityPolicy.strict(LEVELS)
                .aging(Duration.ofMillis(7))
                .share(0, 0.3)
                .share(2, 0.2));
        Queues queues = new Queues();
        int number = 0;
        for (Step step : steps) {
            if (!step.takes) {
                queues.come(number++, step.level, number);
            } else {
                assertThat(scheduler.next(queues) >= 0).isEqualTo(queues.any());
            }
        }
    }
}
