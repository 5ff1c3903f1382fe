package dev.waybill.tck;

import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/** What the suite needs to know of a broker. All but {@link #config} has a default. */
public interface BrokerHarness {

    /** How to open it. Every Waybill that is opened with it must see the same queues. */
    WaybillConfig config();

    /** A short lock that the broker allows, so that a test can outlast it. */
    default Duration shortLock() {
        return Duration.ofSeconds(2);
    }

    /** The longest that a message may take from a send to a consumer that has just started. */
    default Duration patience() {
        return Duration.ofSeconds(30);
    }

    /** A short delay that the broker keeps well, and of which two can be told apart. */
    default Duration step() {
        return Duration.ofSeconds(1);
    }

    /** How much later than its time a delayed message may come to a consumer that waits for it. */
    default Duration lateness() {
        return Duration.ofSeconds(3);
    }

    /** How long nothing must happen for the suite to believe that nothing will. */
    default Duration quiet() {
        return Duration.ofMillis(1500);
    }

    /** Whether the broker, by its own documentation, delivers a message twice now and then, as standard queues of SQS do. */
    default boolean sometimesDeliversTwice() {
        return false;
    }

    /** Whether what a consumer has of a key holds up the rest of that key, which not every double of a broker sees to. */
    default boolean holdsUpKeys() {
        return true;
    }

    /** The vendor type that {@code unwrap} hands out. */
    Class<?> nativeType();

    /** Stops the broker and starts it again with its data, if that can be done here. */
    default Optional<Runnable> restart() {
        return Optional.empty();
    }

    /** Cuts every connection of a Waybill, while the broker lives on, if that can be done here. */
    default Optional<Consumer<Waybill>> loseConnections() {
        return Optional.empty();
    }

    /** Whoever sends past Waybill, if that can be done here. */
    default Optional<OtherSoftware> otherSoftware() {
        return Optional.empty();
    }

    /**
     * Takes the dead-letter queue of a queue, in which there is nothing, away from a Waybill that has declared it, if that can be
     * done here. What it returns gives it back.
     */
    default Optional<BiFunction<Waybill, Queue<?>, Runnable>> loseDeadLetterQueue() {
        return Optional.empty();
    }
}
