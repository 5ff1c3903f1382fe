package dev.waybill.inmemory;

import dev.waybill.SendException;
import java.util.List;
import java.util.Map;

/**
 * Looks into the in-memory broker and lets things fail, for tests: {@code waybill.unwrap(InMemoryInspection.class)}. What it
 * counts in queues is of the whole broker, the rest of this Waybill alone; what it breaks are this Waybill's connections.
 * Thread-safe, and usable after the Waybill is closed.
 */
public interface InMemoryInspection {

    /**
     * How many messages wait to be delivered.
     *
     * @throws IllegalArgumentException if there is no such queue; so do {@link #delayed}, {@link #held} and {@link #deadLetters}
     */
    int depth(String queue);

    /** How many messages wait for their time. */
    int delayed(String queue);

    /** How many messages are locked, by whatever receiver. */
    int held(String queue);

    /** How many dead letters wait to be delivered. */
    int deadLetters(String queue);

    /**
     * Puts a message into a queue past Waybill, as other software would.
     *
     * @param headers as they are to be, also those whose names are Waybill's own
     */
    void put(String queue, Map<String, String> headers, byte[] body);

    int openReceivers();

    int openSenders();

    /**
     * Each breach of the SPI's contract so far, and, once closed, what was left open: senders, receivers and the messages
     * they hold. The breaches were thrown at the caller, too. Empty in a program without faults.
     */
    List<String> violations();

    /**
     * The connection is lost: senders and receivers end, what was sent and not confirmed fails as maybe stored, what was
     * received is lost. New ones can be opened at once.
     */
    void disconnect();

    /** {@link #disconnect}, and nothing can be opened or declared until {@link #comeBack}. */
    void goDown();

    /** The end of {@link #goDown}. */
    void comeBack();

    /** Flow control: tells every sender, and takes what is sent nevertheless without storing it until {@link #unblock}. */
    void block(String reason);

    /** The end of {@link #block}. */
    void unblock();

    /** Stores what is sent and does not say so until {@link #releaseConfirmations}: a disconnection loses what it stored. */
    void holdConfirmations();

    /** Confirms what was held, and from now on at once. */
    void releaseConfirmations();

    /** Refuses the next messages that are sent, as certainly not stored. */
    void refuseSends(int count, SendException.Reason reason);

    /** Whether to refuse, as unroutable, what is sent to the dead-letter queue of whatever queue, as if that were gone. */
    void refuseDeadLetters(boolean refuse);

    /** Refuses the next settlements and extensions, as unavailable; the locks stay. */
    void refuseSettlements(int count);
}
