package dev.waybill;

import dev.waybill.claimcheck.ClaimCheck;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of a producer. What configuration says ({@code waybill.producer.*}) is the default of each.
 *
 * @param maxInFlight how many messages may be sent and not answered; 1 to 1,000,000
 * @param maxInFlightBytes how many bytes these may have together; at least 1. A single larger message is sent alone
 * @param sendTimeout how long a send may take, waiting for its turn included; at least 1 ms
 * @param claimCheck in place of the queue's own, or null
 */
public record ProducerOptions(
        int maxInFlight,
        long maxInFlightBytes,
        Duration sendTimeout,
        @Nullable ClaimCheck claimCheck) {

    public ProducerOptions(int maxInFlight, long maxInFlightBytes, Duration sendTimeout) {
        this(maxInFlight, maxInFlightBytes, sendTimeout, null);
    }

    public ProducerOptions {
        if (maxInFlight < 1 || maxInFlight > 1_000_000) {
            throw new IllegalArgumentException("maxInFlight is " + maxInFlight + " but must be 1 to 1000000");
        }
        if (maxInFlightBytes < 1) {
            throw new IllegalArgumentException("maxInFlightBytes is " + maxInFlightBytes + " but must be at least 1");
        }
        if (sendTimeout.toMillis() < 1) {
            throw new IllegalArgumentException("sendTimeout is " + sendTimeout + " but must be at least 1 ms");
        }
    }

    /** The same with a claim check of the producer's own, in place of its queue's. Consumers of the queue need one that takes it. */
    public ProducerOptions withClaimCheck(ClaimCheck check) {
        return new ProducerOptions(maxInFlight, maxInFlightBytes, sendTimeout, check);
    }
}
