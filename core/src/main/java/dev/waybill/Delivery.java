package dev.waybill;

import java.util.Map;
import java.util.Optional;

/**
 * A message as a handler gets it. Readable from any thread, also after the handler has returned.
 *
 * @param <T> the payload's type
 */
public interface Delivery<T> {

    T payload();

    /** The message's id; the same on every delivery of it. */
    String id();

    Optional<String> key();

    /** The size of the body as it came, in bytes. */
    int bodyBytes();

    /** The application's headers, unmodifiable. */
    Map<String, String> headers();

    /** The queue's name. */
    String queue();

    /** When it was first sent, in milliseconds since 1970 by the sender's clock; 0 if unknown. */
    long sentAtMillis();

    /**
     * Since when it has waited for its handler, in milliseconds since 1970 by the sender's clock: since it was sent or, delayed in a queue
     * with priorities, due. 0 if that is unknown, or if a handler may have had it before.
     */
    long waitingSinceMillis();

    /** Its level in a queue with priorities, from 0, the lowest; 0 in any other. */
    int priority();

    /** The tier of that level; empty if it has none. */
    Optional<PriorityPolicy.Tier> tier();

    /** Which delivery of this message this is, from 1. */
    int deliveryCount();

    /**
     * Whether it may have been delivered before; false only if it certainly has not. May ask the broker, and so block for a
     * moment.
     */
    boolean redelivered();

    /**
     * Whether the lock was lost while the handler ran: another consumer has or gets the message, and what this handler
     * returns has no effect on the broker any more.
     */
    boolean lockLost();
}
