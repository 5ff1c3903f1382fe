package dev.waybill.tck;

import org.junit.jupiter.api.Tag;

/** The suite on the in-memory broker as it emulates SQS. A class of its own, so that it can run beside the others. */
@Tag("once")
class EmulatedSqsConformanceTest extends BrokerConformance {
    @Override
    protected BrokerHarness harness() {
        return new InMemoryHarness("?emulate=sqs");
    }
}
