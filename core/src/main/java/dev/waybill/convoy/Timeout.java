package dev.waybill.convoy;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What happens when a state has waited too long.
 *
 * @param to null if it stays, which only gives an alert
 */
record Timeout<S, D>(
        Duration after, @Nullable S to, @Nullable TimeoutAction<D> action) {

    /** Whether it only gives an alert. */
    boolean stays(S state) {
        return to == null || to == state;
    }

    /** What the diagram calls it. */
    String label() {
        return "after " + after + (to == null ? " / alert" : "");
    }
}
