package dev.waybill.kafka;

import dev.waybill.SendException.Reason;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NetworkException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * What a failed send means.
 *
 * @param reason why
 * @param maybeStored whether the broker may have it
 */
record SendFailures(Reason reason, boolean maybeStored) {

    /**
     * @param neverLeft whether the producer refused the message before it was put among those to be sent. What fails later may
     *     have been stored by an attempt whose answer was lost, unless every attempt must have been refused alike
     */
    static SendFailures of(Exception failure, boolean neverLeft) {
        if (failure instanceof RecordTooLargeException || failure instanceof RecordBatchTooLargeException) {
            return new SendFailures(Reason.TOO_LARGE, false);
        }
        if (failure instanceof AuthorizationException || failure instanceof AuthenticationException) {
            return new SendFailures(Reason.REJECTED, failure instanceof AuthenticationException && !neverLeft);
        }
        if (failure instanceof InvalidTopicException || missing(failure)) {
            return new SendFailures(Reason.UNROUTABLE, !neverLeft);
        }
        if (failure instanceof TimeoutException) {
            return new SendFailures(Reason.TIMED_OUT, !neverLeft);
        }
        if (failure instanceof NetworkException || failure instanceof DisconnectException) {
            return new SendFailures(Reason.CONNECTION_LOST, !neverLeft);
        }
        if (failure instanceof IllegalStateException || failure.getClass() == KafkaException.class) {
            return new SendFailures(Reason.CLOSED, !neverLeft);
        }
        return new SendFailures(Reason.REJECTED, !neverLeft);
    }

    private static boolean missing(Exception failure) {
        return failure instanceof UnknownTopicOrPartitionException
                || failure instanceof TimeoutException
                        && failure.getCause() instanceof UnknownTopicOrPartitionException;
    }

    /** Whether the next message would meet the same, at the cost of as long a wait. */
    boolean meetsAll() {
        return reason != Reason.TOO_LARGE;
    }
}
