package dev.waybill.tck;

/** The suite on the in-memory broker. A class of its own, so that it can run beside the others. */
class InMemoryConformanceTest extends BrokerConformance {
    @Override
    protected BrokerHarness harness() {
        return new InMemoryHarness("");
    }
}
