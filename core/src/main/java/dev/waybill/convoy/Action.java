package dev.waybill.convoy;

/**
 * What a message makes a convoy do. Whatever it throws, the step is not kept, and the message has failed; it then comes again as the
 * queue's retry policy says.
 *
 * @param <D> what the convoy remembers
 * @param <T> the message's type
 */
@FunctionalInterface
public interface Action<D, T> {
    void run(Step<D> step, T message) throws Exception;
}
