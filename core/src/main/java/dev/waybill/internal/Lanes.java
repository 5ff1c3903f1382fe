package dev.waybill.internal;

import dev.waybill.PriorityPolicy;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.QueueDefinition;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Where the messages of a queue are: in one place, or, if core keeps their priorities apart, in one for each level; if the broker does,
 * in one, and in another when they were delayed and are due, from which core sends them on to the first.
 *
 * @param all by lane
 * @param policy null if there are no priorities
 */
record Lanes(List<Destination> all, @Nullable PriorityPolicy policy) {

    static Lanes single(Destination only) {
        return new Lanes(List.of(only), null);
    }

    /** @param maxPriorities how many the broker itself keeps apart */
    static Lanes of(QueueDefinition queue, @Nullable PriorityPolicy policy, int maxPriorities) {
        if (policy == null) {
            return single(new Destination(queue, Role.MAIN));
        }
        if (policy.isStrict() && policy.levels() <= maxPriorities) {
            QueueDefinition kept = queue.withPriorities(policy.levels());
            return new Lanes(
                    List.of(new Destination(kept, Role.MAIN), new Destination(kept.withLane(1), Role.MAIN)), policy);
        }
        return new Lanes(
                IntStream.range(0, policy.levels())
                        .mapToObj(lane -> new Destination(queue.withLane(lane), Role.MAIN))
                        .toList(),
                policy);
    }

    int count() {
        return all.size();
    }

    /** Whether each level has its own. */
    boolean byLevel() {
        return count() > 1 && !keptByBroker();
    }

    private boolean keptByBroker() {
        return policy != null && first().queue().priorities() > 0;
    }

    /** Whether a place is that of messages that were delayed, which go on to the first. */
    boolean passes(Destination place) {
        return keptByBroker() && !place.equals(first());
    }

    /** Where a message goes that is in one of these and is to come again. */
    Destination again(Destination place, boolean delayed) {
        return keptByBroker() ? all.get(delayed ? 1 : 0) : place;
    }

    /** Whether messages of one key are handled one at a time and in order; dead letters are not. */
    boolean ordered() {
        return first().ordered();
    }

    /** How many levels a subscription tells apart. */
    int levels() {
        return policy == null ? 1 : policy.levels();
    }

    /** The one that all others are named after. */
    Destination first() {
        return all.get(0);
    }

    /** Where a message of this level goes; one that is too high goes as high as can be. */
    Destination of(int level) {
        return byLevel() ? all.get(Math.min(level, all.size() - 1)) : first();
    }
}
