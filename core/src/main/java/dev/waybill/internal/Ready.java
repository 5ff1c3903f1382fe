package dev.waybill.internal;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The messages of a subscription that wait for a worker. Guarded by the intake's lock. */
interface Ready<T> {

    /** How many are here. */
    int size();

    /** How many of a lane are here; of all, where there is one only. */
    default int size(int lane) {
        return size();
    }

    /** About how many could be handled at once if there were workers enough; 0 only if {@link #poll} has none. */
    default int startable() {
        return size();
    }

    /** How many of those were not tried in vain. */
    default int untried() {
        return startable();
    }

    /** One that was fetched. */
    void add(HeldMessage<T> message);

    /** One that was taken and not handled after all: before the others, or, if it was tried in vain, after them. */
    void putBack(HeldMessage<T> message, boolean tried);

    /** Takes the next; null if there is none. */
    @Nullable
    HeldMessage<T> poll();

    /**
     * One that was taken and is decided now; what it held up may go on. Whoever is told so twice does it once.
     *
     * @return what is not to be handled before it has come again, and goes back
     */
    default List<HeldMessage<T>> ended(HeldMessage<T> message) {
        return List.of();
    }

    /** Takes out those whose lock is lost. */
    List<HeldMessage<T>> takeLost();

    void forEach(Consumer<HeldMessage<T>> action);

    /** Takes them all, in their order. */
    void drainTo(List<HeldMessage<T>> target);
}
