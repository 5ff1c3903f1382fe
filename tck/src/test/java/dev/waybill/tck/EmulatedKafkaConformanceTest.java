package dev.waybill.tck;

/** The suite on the in-memory broker as it emulates Kafka. A class of its own, so that it can run beside the others. */
class EmulatedKafkaConformanceTest extends BrokerConformance {
    @Override
    protected BrokerHarness harness() {
        return new InMemoryHarness("?emulate=kafka");
    }
}
