package dev.waybill;

import java.util.Optional;

/**
 * What is known of a message that has just died, for an alert; the rest is in its {@link DeadLetter}.
 *
 * @param queue the queue it came from
 * @param messageId the message's id
 * @param key its key, if it has one
 * @param cause why, as one of few
 * @param reason why, in words
 * @param error the class of the exception that led to it, if there was one
 * @param deliveries how often it had been delivered
 */
public record Death(
        String queue,
        String messageId,
        Optional<String> key,
        Cause cause,
        String reason,
        Optional<String> error,
        int deliveries) {

    /** Why a message may die. */
    public enum Cause {
        /** Its last delivery failed, or it was never settled. */
        MAX_DELIVERIES,
        /** Its failure is not worth another delivery, as the queue's {@link RetryPolicy} says. */
        NOT_RETRYABLE,
        /** Its handler said so: {@link Outcome#deadLetter}. */
        REJECTED,
        /** It cannot be decoded, or its envelope is malformed. */
        UNREADABLE
    }
}
