package dev.waybill.inmemory;

import dev.waybill.SendException;
import java.util.List;

/**
 * Looks into the in-memory broker and lets things fail, for tests: {@code waybill.unwrap(InMemoryInspection.class)}. What it
 * counts in queues is of the whole broker, the rest of this Waybill alone; what it breaks are this Waybill's connections.
 * Thread-safe, and usable after the Waybill is closed.
 */
public interface InMemoryInspection {

    /**
     * How many messages wait to be delivered.
     *
     * @throws IllegalArgumentException if there is no such queue; so do {@link #held} and {@link #deadLetters}
     */
    int depth(String queue);

    /** How many messages are locked, by whatever receiver. */
    int held(String queue);

    /** How many dead letters wait to be delivered. */
    int deadLetters(String queue);

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

    /** Refuses the next settlements and extensions, as unavailable; the locks stay. */
    void refuseSettlements(int count);
}
