package dev.waybill.it;

import com.rabbitmq.client.Connection;
import dev.waybill.tck.BrokerConformance;
import dev.waybill.tck.BrokerHarness;
import org.junit.jupiter.api.extension.RegisterExtension;

class RabbitMq40ConformanceIT extends BrokerConformance {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("rabbitmq-4.0", Connection.class);

    @Override
    protected BrokerHarness harness() {
        return SERVER;
    }
}
