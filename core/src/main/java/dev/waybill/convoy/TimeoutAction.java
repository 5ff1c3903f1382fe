package dev.waybill.convoy;

/**
 * What a convoy does that has waited too long: something that compensates, or a message to whoever is to look. Whatever it throws,
 * the step is not kept, and it is tried again as the queue's retry policy says.
 *
 * @param <D> what the convoy remembers
 */
@FunctionalInterface
public interface TimeoutAction<D> {
    void run(Step<D> step) throws Exception;
}
