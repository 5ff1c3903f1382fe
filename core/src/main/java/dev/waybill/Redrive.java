package dev.waybill;

import java.util.function.Consumer;

/**
 * Dead letters on their way back: each is sent, and when the broker has it durably it is deleted from the dead-letter queue. So a
 * crash half-way loses nothing, and sends twice only what it caught between the two steps; to go on, run it again. What was sent
 * again is flagged as redelivered, its deliveries are counted from 1, and it has none of the headers of its death. Not thread-safe.
 */
public interface Redrive {

    /** Sends to another queue, which is declared; by default to the queue they died in. */
    Redrive to(Queue<?> target);

    /** At most so many a second; by default as fast as they go. */
    Redrive perSecond(double messages);

    /** At most so many in all. */
    Redrive limit(long messages);

    /** Told of the state of things after every message, on whatever thread hears of it, several at once; must not block. */
    Redrive onProgress(Consumer<Report> listener);

    /** Says what would be done, and does nothing. */
    Report dryRun();

    /**
     * Goes through the letters that are there, and through none that die meanwhile; blocks until it is done. To interrupt the thread
     * ends it early; what was not moved is where it was.
     *
     * @throws BrokerUnavailableException if the broker cannot be reached at the start
     */
    Report run();

    /**
     * What was done.
     *
     * @param looked how many letters it has looked at
     * @param matched how many of them match
     * @param moved how many were sent and deleted
     * @param failed how many could not be moved, and are where they were
     */
    record Report(long looked, long matched, long moved, long failed) {}
}
