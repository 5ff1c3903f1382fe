package dev.waybill.spi;

import dev.waybill.RetryPolicy;
import java.time.Duration;

/**
 * What was declared of a queue, as far as a broker needs it; of one lane of it, where core itself keeps priorities apart.
 *
 * @param name the portable name: 1 to 64 letters, digits, hyphens and underscores
 * @param lane which lane of the queue, from 0, the only one of a queue without priorities and the lowest of one with. Each has a
 *     physical place of its own, declared and opened by itself; all share the dead-letter queue
 * @param priorities how many priorities the broker itself is to keep apart, at most {@link Limits#maxPriorities}; 0 if none. Such a
 *     queue has a lane 1 as well, where its delayed messages go, without a priority: core sends them on when they are due
 * @param ordered whether the messages of one key are handled one at a time and in order. Then the broker stores those that one
 *     {@link Sender} sends in their order, and hands them to one receiver at a time, in that order: to another one, or again, only when
 *     whatever of the same key it has handed over is settled or lost. It may hand over several at once; core sees to the rest
 * @param maxDeliveries how often a message is delivered at most, counted from 1, before it is dead-lettered; core does that
 *     itself when a handler fails or the message comes once more; the broker's own limit, the same number or
 *     {@link #wideLimit}, is the net below
 * @param lockDuration how long a delivered message stays locked to its consumer without an extension
 * @param retry how long a message waits between two deliveries, for a broker that is told so when the queue is declared; core
 *     computes each delay itself
 */
public record QueueDefinition(
        String name,
        int lane,
        int priorities,
        boolean ordered,
        int maxDeliveries,
        Duration lockDuration,
        RetryPolicy retry) {
    /** Few, so that a message that kills whoever reads it ends soon. */
    private static final int ROOM = 3;

    /** A queue of one lane, without priorities, and not ordered. */
    public QueueDefinition(String name, int maxDeliveries, Duration lockDuration, RetryPolicy retry) {
        this(name, 0, 0, false, maxDeliveries, lockDuration, retry);
    }

    /** Another lane of the same queue. */
    public QueueDefinition withLane(int lane) {
        return new QueueDefinition(name, lane, priorities, ordered, maxDeliveries, lockDuration, retry);
    }

    /** The same queue with so many priorities. */
    public QueueDefinition withPriorities(int priorities) {
        return new QueueDefinition(name, lane, priorities, ordered, maxDeliveries, lockDuration, retry);
    }

    /** The same queue, ordered by key. */
    public QueueDefinition orderedByKey() {
        return new QueueDefinition(name, lane, priorities, true, maxDeliveries, lockDuration, retry);
    }

    /**
     * The name of its place: that of the queue, and for all lanes but the first {@code p} and the lane's number after it, or
     * {@code due} for that of delayed messages.
     */
    public String place(String separator) {
        return lane == 0 ? name : name + separator + (priorities > 0 ? "due" : "p" + lane);
    }

    /** The limit for a broker that may lose what it moves itself: above {@code maxDeliveries}, so that core moves it first. */
    public int wideLimit() {
        return maxDeliveries + ROOM;
    }
}
