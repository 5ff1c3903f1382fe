package dev.waybill;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Told of what happens, for metrics, traces and alerts; {@code dev.waybill.micrometer.MicrometerObserver} and
 * {@code dev.waybill.opentelemetry.OpenTelemetryObserver} are two, and {@link WaybillConfig#observer} takes several. Called on hot
 * paths and from many threads: must not block and must not throw. What one throws is logged, and harms neither messages nor other
 * observers.
 */
public interface WaybillObserver {

    /**
     * A message is encoded and about to be sent; on the thread that sends it, so that its context can be read here. Copies that
     * Waybill makes later, for a retry, a dead letter or a redrive, keep their headers and are not told here.
     *
     * @param broker the adapter's name, as {@code waybill.broker} has it
     * @param bodyBytes the size of the encoded payload
     * @return what follows this send, or null if nothing does
     */
    default @Nullable Sending sending(String broker, String queue, Message<?> message, int bodyBytes) {
        return null;
    }

    /**
     * The application's handler is about to be called; on the thread that calls it. Told again for each delivery, and only of what
     * reaches the handler: not of what cannot be decoded, was done already, or is held back.
     *
     * @param broker the adapter's name, as {@code waybill.broker} has it
     * @param queue the queue's name; for a consumer of dead letters with {@code " (dead letters)"} after it
     * @param deliveries what the handler gets: one, or for a batch handler at least one. Not to be kept
     * @return what follows this call, or null if nothing does
     */
    default @Nullable Handling handling(String broker, String queue, List<? extends Delivery<?>> deliveries) {
        return null;
    }

    /** A send came to its end after so many nanoseconds. */
    default void sent(String queue, boolean stored, long nanos) {}

    /** So many messages were received. */
    default void received(String queue, int count) {}

    /** A handler came to its end after so many nanoseconds. */
    default void handled(String queue, Outcome.Kind outcome, long nanos) {}

    /** A message is delivered again, after so many milliseconds, since its handler failed. */
    default void retried(String queue, long delayMillis) {}

    /** A message was dropped, since its queue's {@link RetryPolicy} discards such a failure. */
    default void discarded(String queue) {}

    /** A message came that is done already, and was acknowledged without its handler: see {@link Consumer#idempotent}. */
    default void duplicate(String queue) {}

    /**
     * A message has died: it is in the dead-letter queue. Not told of what the broker itself moved, after consumers that did not
     * settle it.
     */
    default void deadLettered(Death death) {}

    /** A dead letter of the queue was sent back to be handled, to its own queue or another: see {@link DeadLetters#redrive}. */
    default void redriven(String queue) {}

    /**
     * An attempt to send a message on, to the dead-letter queue or to wait, has failed: it stays in its queue, locked, and is tried
     * again.
     */
    default void stuck(String queue) {}

    /** A lock was lost: the message is delivered to somebody else. */
    default void lockLost(String queue) {}

    /** A connection was lost and is being opened again. */
    default void recovering(String queue) {}

    /** One send that an observer follows. */
    interface Sending {

        /**
         * Headers that the message gets beside its own, asked once. One that the application has set itself stays as it is. Names
         * are as {@link Message.Builder#header} allows them.
         */
        default Map<String, String> headers() {
            return Map.of();
        }

        /**
         * It came to its end. On any thread.
         *
         * @param failure null if the message is stored; else as a rule a {@link SendException}
         */
        void ended(@Nullable Throwable failure);
    }

    /** One call of a handler that an observer follows. */
    interface Handling {

        /**
         * It came to its end; on the thread on which it began.
         *
         * @param outcomes what the handler said of each delivery; empty if it failed
         * @param failure what it threw, or null
         */
        void ended(List<Outcome> outcomes, @Nullable Throwable failure);
    }

    /** Does nothing. */
    WaybillObserver NONE = new WaybillObserver() {};
}
