package dev.waybill.convoy;

import org.jspecify.annotations.Nullable;

/**
 * Where a message of a type leads from a state, or what becomes of it there.
 *
 * @param guardName what the diagram calls the guard
 * @param to null if the message leads nowhere, and {@code untimely} says what becomes of it
 */
record Transition<S, E, D, T extends E>(
        S from,
        Class<T> type,
        @Nullable String guardName,
        @Nullable Guard<? super D, ? super T> guard,
        @Nullable S to,
        @Nullable Action<D, ? super T> action,
        @Nullable Untimely untimely) {

    boolean passes(D data, E message) throws Exception {
        return guard == null || guard.test(data, type.cast(message));
    }

    void run(Step<D> step, E message) throws Exception {
        if (action != null) {
            action.run(step, type.cast(message));
        }
    }

    /** What the diagram calls it. */
    String label() {
        return type.getSimpleName() + (guardName == null ? "" : " [" + guardName + "]");
    }

    /** As people write it. */
    String text() {
        return from + " on " + label();
    }
}
