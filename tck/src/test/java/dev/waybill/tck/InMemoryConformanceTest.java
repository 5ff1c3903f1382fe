package dev.waybill.tck;

import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;

/** The suite on the in-memory broker, as it is and as it emulates the others. */
class InMemoryConformanceTest {

    @Nested
    class Plain extends BrokerConformance {
        @Override
        protected BrokerHarness harness() {
            return new InMemoryHarness("");
        }
    }

    @Nested
    class EmulatingRabbitMq extends BrokerConformance {
        @Override
        protected BrokerHarness harness() {
            return new InMemoryHarness("?emulate=rabbitmq");
        }
    }

    @Nested
    class EmulatingKafka extends BrokerConformance {
        @Override
        protected BrokerHarness harness() {
            return new InMemoryHarness("?emulate=kafka");
        }
    }

    @Nested
    class EmulatingSqs extends BrokerConformance {
        @Override
        protected BrokerHarness harness() {
            return new InMemoryHarness("?emulate=sqs");
        }
    }

    /** One broker for each emulation, which every Waybill of a test shares. */
    record InMemoryHarness(String emulation) implements BrokerHarness {
        @Override
        public WaybillConfig config() {
            String name = "tck" + emulation.replaceAll("[^a-z]", "");
            return WaybillConfig.of(
                    Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:" + name + emulation));
        }

        @Override
        public Duration shortLock() {
            return Duration.ofSeconds(1);
        }

        @Override
        public Duration patience() {
            return Duration.ofSeconds(10);
        }

        @Override
        public Duration quiet() {
            return Duration.ofMillis(150);
        }

        @Override
        public Class<?> nativeType() {
            return InMemoryInspection.class;
        }

        @Override
        public Optional<Consumer<Waybill>> loseConnections() {
            return Optional.of(waybill ->
                    waybill.unwrap(InMemoryInspection.class).orElseThrow().disconnect());
        }
    }
}
