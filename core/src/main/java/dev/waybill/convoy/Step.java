package dev.waybill.convoy;

import dev.waybill.Message;
import dev.waybill.Queue;
import java.util.Optional;

/**
 * One step of a convoy, as its action sees it. What the action does here is kept together with the new state, or not at all. Only
 * for the thread and the time of the action.
 *
 * @param <D> what the convoy remembers
 */
public interface Step<D> {

    /** The key that the convoy's messages have in common. */
    String key();

    /** What the convoy remembers. */
    D data();

    /** Changes what the convoy remembers. What is changed in {@link #data} itself is kept as well. */
    void data(D data);

    /**
     * Sends a message when the step is kept: at least once, with the same id each time, and after everything that this convoy has
     * sent before. Its queue must be one of {@link Convoys.Builder#sendsTo}.
     *
     * @throws IllegalArgumentException if it is not
     * @throws dev.waybill.CodecException if the payload cannot be encoded
     * @throws RuntimeException if the message is one that its queue or the broker does not take: see {@link dev.waybill.Producer#check}
     */
    <T> void send(Queue<T> queue, Message<T> message);

    /** What the store keeps the step in, such as the {@code java.sql.Connection} of a transaction: what is written there is kept too. */
    <T> Optional<T> unwrap(Class<T> type);
}
