package dev.waybill;

/**
 * As {@link MessageHandler}, and says itself what becomes of the message.
 *
 * @param <T> the payload's type
 */
@FunctionalInterface
public interface OutcomeHandler<T> {
    Outcome handle(Delivery<T> delivery) throws Exception;
}
