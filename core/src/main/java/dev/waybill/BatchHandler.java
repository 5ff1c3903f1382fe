package dev.waybill;

import java.util.List;

/**
 * Handles several messages in one call, and says for each what becomes of it.
 *
 * @param <T> the payload's type
 */
@FunctionalInterface
public interface BatchHandler<T> {

    /**
     * Handles what is there, at least one message. To throw fails all of them; so does to return a list of another length.
     *
     * @return one outcome per delivery, in the same order
     */
    List<Outcome> handle(List<Delivery<T>> batch) throws Exception;
}
