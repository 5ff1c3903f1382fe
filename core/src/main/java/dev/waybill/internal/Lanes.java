package dev.waybill.internal;

import dev.waybill.PriorityPolicy;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.QueueDefinition;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Where the messages of a queue are: in one place, or, if core keeps their priorities apart, in one for each level.
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
            return new Lanes(List.of(new Destination(queue.withPriorities(policy.levels()), Role.MAIN)), policy);
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

    boolean several() {
        return all.size() > 1;
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
        return all.get(Math.min(level, all.size() - 1));
    }
}
