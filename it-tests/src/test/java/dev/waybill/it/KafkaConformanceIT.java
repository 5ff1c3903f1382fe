package dev.waybill.it;

import dev.waybill.tck.BrokerConformance;
import dev.waybill.tck.BrokerHarness;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.extension.RegisterExtension;

class KafkaConformanceIT extends BrokerConformance {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("kafka", Admin.class);

    @Override
    protected BrokerHarness harness() {
        return SERVER;
    }
}
