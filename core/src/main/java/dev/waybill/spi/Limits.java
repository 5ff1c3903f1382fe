package dev.waybill.spi;

import java.util.Optional;

/**
 * The bounds of a broker, within which core batches and splits.
 *
 * @param maxMessageBytes the largest message, body and headers together, that the broker takes
 * @param maxSendBatch how many messages one {@link Sender#send} call may carry
 * @param maxSendBatchBytes how many bytes one {@link Sender#send} call may carry, bodies and headers together
 * @param maxSendCalls how many {@link Sender#send} calls may be open at once per sender, that is, have messages not yet
 *     reported, to a queue that is not ordered; of one that is only one is, unless this is {@code Integer.MAX_VALUE}, which says
 *     that the client pipelines by itself, and in order
 * @param maxReceive the most messages that one {@link Receiver#receive} call can return
 * @param maxReceivers how many receivers of one subscription are worth having when one alone does not keep up, as with a
 *     request-and-response protocol; 1 where the broker pushes or the client fetches ahead
 * @param maxDelayMillis the longest time by which a send can be delayed ({@link Outbound#delayMillis}), 0 where none can be; a
 *     message that is to wait longer comes to core in between, which sends it again
 * @param maxKept how many messages a receiver can keep locked for long and go on receiving others; 0 where any that is kept hinders
 *     that
 * @param maxPriorities how many priorities of the messages of one queue the broker itself keeps apart, strictly and first in,
 *     first out within each, of messages that are not delayed; 0 where it keeps none, so that core does, with a lane each
 * @param claimCheckBytes the largest body that is better in its message than in a store, where a claim check has both
 */
public record Limits(
        long maxMessageBytes,
        int maxSendBatch,
        long maxSendBatchBytes,
        int maxSendCalls,
        int maxReceive,
        int maxReceivers,
        long maxDelayMillis,
        int maxKept,
        int maxPriorities,
        long claimCheckBytes) {

    /** Why a message of so many bytes is too large; empty if it is not. */
    public Optional<String> tooLarge(long bytes) {
        return bytes <= maxMessageBytes
                ? Optional.empty()
                : Optional.of("it has " + bytes + " bytes with its headers, but the broker takes " + maxMessageBytes
                        + ": a claim check lets it wait in a store");
    }
}
