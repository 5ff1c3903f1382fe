package dev.waybill.spi;

/**
 * One place that messages go to and come from: a queue, or what belongs to a queue. The adapter maps it to a physical name.
 *
 * @param queue the queue as declared
 * @param role which part of it
 */
public record Destination(QueueDefinition queue, Role role) {

    /** The parts of a queue. */
    public enum Role {
        /** The queue itself. */
        MAIN,
        /** Where its dead letters go, whether core or the broker moves them. */
        DEAD_LETTER
    }

    /** Whether its messages are in order by key: a queue that is, but not its dead letters. */
    public boolean ordered() {
        return role == Role.MAIN && queue.ordered();
    }

    @Override
    public String toString() {
        if (role == Role.DEAD_LETTER) {
            return queue.name() + " (dead letters)";
        }
        return queue.lane() == 0 ? queue.name() : queue.name() + " (lane " + queue.lane() + ")";
    }
}
