package dev.waybill.tck;

import org.junit.jupiter.api.Tag;

/** The suite on the in-memory broker as it emulates RabbitMQ. A class of its own, so that it can run beside the others. */
@Tag("once")
class EmulatedRabbitMqConformanceTest extends BrokerConformance {
    @Override
    protected BrokerHarness harness() {
        return new InMemoryHarness("?emulate=rabbitmq");
    }
}
