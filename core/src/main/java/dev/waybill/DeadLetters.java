package dev.waybill;

import dev.waybill.claimcheck.ClaimCheck;
import java.util.List;
import java.util.Optional;

/**
 * The dead letters of one queue. Thread-safe; every method blocks while the broker is asked.
 *
 * <p>To look at dead letters leaves them where they are. Kafka shows them from its log. The other brokers show none without handing
 * them out, so there they are received and given back: others do not get them while somebody looks, and no more than 10,000 are seen.
 * So it is on Kafka too while a consumer of the dead letters has left out some; then no more are seen than a share group may hold of a
 * partition ({@code share.partition.max.record.locks}).
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
     * Deletes those that match, for ever, if they are as many as expected; to be sure, look first. Payloads that are in a store stay there:
     * see {@link #purgeWithPayloads}.
     *
     * @param expected how many match
     * @return how many were deleted; fewer than expected if somebody else took some meanwhile
     * @throws IllegalStateException if another number matches; nothing is deleted then
     */
    long purge(DeadLetterFilter filter, long expected);

    /**
     * As {@link #purge}; then, in the same call, what was deleted takes its payloads with it, those that would be kept for a time too
     * ({@link ClaimCheck#deletion}). A payload stays if a dead letter that is left refers to it as well, as far as they can be seen; if the
     * reference is refused; if nothing is to be deleted at all; and, with a warning, if its store fails.
     *
     * <p>A copy of such a message that is in its queue again, as after a redrive or a consumer that died half-way, finds its payload gone,
     * and no broker tells of such copies. So bring a redrive that was interrupted to its end before, and let the queue be consumed.
     *
     * @throws IllegalStateException if another number matches, or the queue is declared without a claim check; nothing is deleted then
     */
    long purgeWithPayloads(DeadLetterFilter filter, long expected);
}
