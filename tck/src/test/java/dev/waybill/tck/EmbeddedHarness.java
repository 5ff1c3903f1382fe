package dev.waybill.tck;

import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.inmemory.InMemoryInspection;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/** What the in-memory broker can do for the suite, whatever stands in front of it. */
interface EmbeddedHarness extends BrokerHarness {
    @Override
    default Duration shortLock() {
        return Duration.ofSeconds(1);
    }

    @Override
    default Duration quiet() {
        return Duration.ofMillis(150);
    }

    @Override
    default Class<?> nativeType() {
        return InMemoryInspection.class;
    }

    @Override
    default Optional<Consumer<Waybill>> loseConnections() {
        return Optional.of(waybill ->
                waybill.unwrap(InMemoryInspection.class).orElseThrow().disconnect());
    }

    @Override
    default Optional<OtherSoftware> otherSoftware() {
        return Optional.of(new InMemoryOtherSoftware());
    }

    @Override
    default Optional<BiFunction<Waybill, Queue<?>, Runnable>> loseDeadLetterQueue() {
        return Optional.of(InMemoryOtherSoftware::refuseDeadLetters);
    }
}
