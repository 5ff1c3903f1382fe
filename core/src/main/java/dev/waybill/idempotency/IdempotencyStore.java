package dev.waybill.idempotency;

import java.time.Duration;

/**
 * Remembers which messages are done, by queue and message id, so that a redelivery is a no-op. Thread-safe; each method may
 * block for as long as the store's own time-outs say.
 *
 * <p>A consumer claims a message before it handles it. If the answer is {@link Claim.State#NEW} it runs the handler, then
 * {@linkplain #confirm confirms}, and only then acknowledges; if the handler fails it {@linkplain #abandon abandons}, so that the
 * next delivery is free at once. While the handler runs it {@linkplain #renew renews} the lease, well before its end.
 *
 * <p>What that gives. A message that was confirmed is not handled again within the store's time to live, which has to be longer
 * than the time after which the same message can still come: its retries, its wait among the dead letters, a producer's resend.
 * A consumer that dies before it confirmed leaves a claim that nobody can tell from one at work: the message is taken until the
 * lease ends, and then handled again, although its handler may have finished.
 *
 * <p>The race at the end of a lease. A consumer that stands still for longer than its lease, in a pause of its JVM or cut off
 * from the store, does not know that another has claimed the message, and both handlers run. Of the two only the later claim
 * can be confirmed; the other is told so, too late to undo what its handler did. So count the lease from before the call that
 * claims or renews, by a monotonic clock; give it several times the longest pause that you expect; and where an effect must
 * happen exactly once, write the mark in the transaction of the effect, which the JDBC store can do.
 *
 * <p>A queue and a message id are 1 to 128 characters, of any kind that is well-formed Unicode; capitals, blanks at the end and
 * accents tell one from another. An owner, which is for whoever looks into the store, is the same without control characters. A
 * lease is 1 ms to 1 day. All else is an {@link IllegalArgumentException}.
 */
public interface IdempotencyStore {
    /** How long a queue name, a message id and an owner may be, in characters as {@link String#length} counts them. */
    int LONGEST_NAME = 128;

    /**
     * Asks for a message. Of all that ask for it at the same time, one gets it. Who asks does not matter: an owner that has the
     * message already, or had it before it was restarted, waits for the end of the lease as everybody.
     *
     * @param owner who asks, such as a host and a process; not what keeps claims apart
     * @throws IdempotencyStoreException if the store cannot be asked. It may have noted the claim nevertheless; then the message
     *     is taken until the lease ends
     */
    Claim claim(String queue, String messageId, String owner, Duration lease);

    /**
     * Makes the lease end this long from now. A lease that ended and that nobody has taken since is renewed as well.
     *
     * @return whether the claim is still the caller's; if not, another may be handling the message
     * @throws IdempotencyStoreException if the store cannot be asked; the lease then ends when it did before, or as asked
     * @throws IllegalStateException if the message was not the caller's in the first place
     */
    boolean renew(Claim claim, Duration lease);

    /**
     * Notes that the message is done. Confirming again changes nothing and is answered with true, so that a call that failed
     * half-way can be repeated. A claim whose lease ended and that nobody has taken since is confirmed as well.
     *
     * @return whether the claim was still the caller's; if not, another has taken the message since, and may handle it, or have
     *     handled it, a second time
     * @throws IdempotencyStoreException if the store cannot be asked; whether the message is noted as done is not known
     * @throws IllegalStateException if the message was not the caller's in the first place
     */
    boolean confirm(Claim claim);

    /**
     * Frees the message at once, because it was not handled. Nothing happens if it was confirmed, or if another has it by now.
     *
     * @throws IdempotencyStoreException if the store cannot be asked; the message is then taken until the lease ends
     * @throws IllegalStateException if the message was not the caller's in the first place
     */
    void abandon(Claim claim);
}
