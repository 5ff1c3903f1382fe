package dev.waybill.spi;

import dev.waybill.Capabilities;
import dev.waybill.Health;
import dev.waybill.TopologyMode;
import java.util.List;
import java.util.Optional;

/**
 * One broker, opened. Thread-safe: core calls every method from any thread. Senders and receivers that are open share what
 * connections the adapter sees fit, but what a blocked or slow sender does must not stop a receiver.
 */
public interface Broker extends AutoCloseable {

    /** What this broker, at the version of its server, does natively, by emulation, or not at all. Does not block. */
    Capabilities capabilities();

    /** The bounds within which core batches. Does not block. */
    Limits limits();

    /**
     * Makes the queue, or one lane of it, and its dead-letter queue exist, or verifies that they do and are as declared. Idempotent, and safe
     * when several processes do it at once. Of several lanes the first is declared first. Blocks.
     *
     * @param mode {@code DECLARE} or {@code VERIFY}; never {@code OFF}, which core handles
     * @throws dev.waybill.TopologyException if what exists differs, with every field that does, or if it is missing when
     *     only verifying
     * @throws BrokerException if the broker cannot be asked
     */
    void declare(QueueDefinition queue, TopologyMode mode);

    /**
     * Opens a sender to one destination. May block for the connect timeout.
     *
     * @throws BrokerException if the connection cannot be had
     */
    Sender sender(Destination destination, SenderListener listener);

    /**
     * Opens a receiver from one destination. May block for the connect timeout.
     *
     * @throws BrokerException if the connection cannot be had, or the destination does not exist
     */
    Receiver receiver(Destination destination, ReceiverOptions options);

    /**
     * About how many messages are there, to be delivered now or later, as far as the broker tells; those that a receiver holds may
     * be counted or not. Blocks.
     *
     * @throws BrokerException if the broker cannot be asked, or the destination does not exist
     */
    long depth(Destination destination);

    /**
     * The delivery of a message, as {@link Inbound#deliveryCount} counts, after which this broker may lose it if it comes back and the
     * dead-letter queue does not take it. Before that core sends a message that it cannot dead-letter to its own queue again,
     * and then accepts it, so that the broker counts from 1. {@code Integer.MAX_VALUE} where nothing is lost. Does not block.
     */
    default int lastDelivery(QueueDefinition queue) {
        return Integer.MAX_VALUE;
    }

    /**
     * Why a message is too large for this broker as it is encoded for it, though it is within {@link Limits#maxMessageBytes}; empty if it
     * is not. A sender refuses the same messages. Does not block.
     */
    default Optional<String> tooLarge(Envelope envelope) {
        return Optional.empty();
    }

    /**
     * Opens a look at one destination. Where the broker has no way to look without taking, messages are received and given back at
     * the close: others do not get them meanwhile, no more than 10,000 are seen, and the look counts as a delivery where every
     * return does. May block for the connect timeout.
     *
     * @throws BrokerException if the connection cannot be had, or the destination does not exist
     */
    default Browser browser(Destination destination) {
        // Counted first: what it holds itself may not be.
        long counted = depth(destination);
        return new HoldingBrowser(
                counted, receiver(destination, new ReceiverOptions(HoldingBrowser.MOST)), limits().maxReceive());
    }

    /** The state of each connection, from what is known: does not block and asks nobody. */
    List<Health.Component> health();

    /** The vendor's client, for what is not portable; each adapter's package documentation lists the types it hands out. */
    <T> Optional<T> unwrap(Class<T> type);

    /** Closes every connection. Idempotent; core has closed the senders and receivers before. */
    @Override
    void close();
}
