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
     * @return one outcome per delivery, in the same order. To throw fails all of them; so does a list of another length
     */
    List<Outcome> handle(List<Delivery<T>> batch) throws Exception;
}
