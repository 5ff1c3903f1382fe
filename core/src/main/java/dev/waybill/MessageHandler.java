package dev.waybill;

/**
 * Handles one message: to return is to acknowledge; to throw is to have it delivered again, and dead-lettered after the
 * queue's maximum of deliveries. May block; called by as many threads at once as the subscription's concurrency.
 *
 * @param <T> the payload's type
 */
@FunctionalInterface
public interface MessageHandler<T> {
    void handle(Delivery<T> delivery) throws Exception;
}
