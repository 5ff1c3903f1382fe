package dev.waybill.internal;

/**
 * The application's handler, or a stage around it.
 *
 * @param <I> a delivery, or a batch of them
 * @param <R> what the handler says of that
 */
@FunctionalInterface
interface Call<I, R> {

    /**
     * Handles.
     *
     * @throws HoldException if the messages are to be held and handled later, as the same deliveries
     * @throws Exception what the handler throws: the messages have failed
     */
    R of(I input) throws Exception;
}
