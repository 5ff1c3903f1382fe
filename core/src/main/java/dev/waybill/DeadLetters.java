package dev.waybill;

import java.util.List;
import java.util.Optional;

/**
 * The dead letters of one queue. Thread-safe; every method blocks while the broker is asked.
 *
 * <p>To look at dead letters leaves them where they are. No broker can show them without handing them out, so they are received and
 * given back: others do not get them while somebody looks, and no more than 10,000 are seen, on Kafka no more than a share group may
 * hold of a partition ({@code share.partition.max.record.locks}).
 */
public interface DeadLetters {

    /** About how many there are, as the broker counts; those that somebody is looking at may be missing. */
    long count();

    /**
     * A page of those that match, the oldest first.
     *
     * @param skip how many that match to leave out: those of the pages before
     * @param max how many to return at most
     */
    List<DeadLetter> browse(DeadLetterFilter filter, int skip, int max);

    /** The one with that message id. */
    Optional<DeadLetter> find(String id);

    /** Prepares to send those that match to their queue again. */
    Redrive redrive(DeadLetterFilter filter);

    /**
     * Deletes those that match, for ever, if they are as many as expected; to be sure, look first. Payloads that are in a store stay there.
     *
     * @param expected how many match
     * @return how many were deleted; fewer than expected if somebody else took some meanwhile
     * @throws IllegalStateException if another number matches; nothing is deleted then
     */
    long purge(DeadLetterFilter filter, long expected);
}
