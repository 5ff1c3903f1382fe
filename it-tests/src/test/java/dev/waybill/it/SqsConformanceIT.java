package dev.waybill.it;

import dev.waybill.tck.BrokerConformance;
import dev.waybill.tck.BrokerHarness;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.sqs.SqsClient;

class SqsConformanceIT extends BrokerConformance {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("sqs", SqsClient.class);

    @Override
    protected BrokerHarness harness() {
        return SERVER;
    }
}
