package dev.waybill.convoy;

/**
 * Whether a message leads where a transition says. It looks and changes nothing.
 *
 * @param <D> what the convoy remembers
 * @param <T> the message's type
 */
@FunctionalInterface
public interface Guard<D, T> {
    boolean test(D data, T message) throws Exception;
}
