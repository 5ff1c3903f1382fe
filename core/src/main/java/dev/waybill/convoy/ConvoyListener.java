package dev.waybill.convoy;

/**
 * Hears of what happens to convoys, for alerts and metrics. Called after it is kept, on the thread that did it; what it throws is
 * logged and has no effect.
 */
public interface ConvoyListener {

    /** A message was handled. The states may be the same. */
    default void moved(String machine, String key, String event, String from, String to) {}

    /**
     * A convoy has waited too long. The states are the same if that only gives an alert.
     *
     * @param lateMillis how long after it was due, by the store's clock
     */
    default void timedOut(String machine, String key, String from, String to, long lateMillis) {}

    /** A message is held: it came before its turn, or its convoy is stuck. */
    default void held(String machine, String key, String messageId) {}

    /** Something failed as often as it may; the convoy waits until somebody decides. */
    default void stuck(String machine, String key, String failure) {}

    /** Somebody else has changed the convoy while a step was made, which is made again. */
    default void conflict(String machine, String key) {}

    /** The store could not be asked; whatever needed it waits, or is tried again. */
    default void storeFailed(String machine) {}
}
