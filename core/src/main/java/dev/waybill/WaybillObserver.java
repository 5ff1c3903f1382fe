package dev.waybill;

/**
 * Told of what happens, for metrics; {@code dev.waybill.micrometer.MicrometerObserver} is one. Called on hot paths and from
 * many threads: must not block and must not throw.
 */
public interface WaybillObserver {

    /** A send came to its end after so many nanoseconds. */
    default void sent(String queue, boolean stored, long nanos) {}

    /** So many messages were received. */
    default void received(String queue, int count) {}

    /** A handler came to its end after so many nanoseconds. */
    default void handled(String queue, Outcome.Kind outcome, long nanos) {}

    /** A message went to the dead-letter queue. */
    default void deadLettered(String queue, String reason) {}

    /** A lock was lost: the message is delivered to somebody else. */
    default void lockLost(String queue) {}

    /** A connection was lost and is being opened again. */
    default void recovering(String queue) {}

    /** Does nothing. */
    WaybillObserver NONE = new WaybillObserver() {};
}
