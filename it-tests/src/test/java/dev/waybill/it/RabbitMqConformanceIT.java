package dev.waybill.it;

import com.rabbitmq.client.Connection;
import dev.waybill.tck.BrokerConformance;
import dev.waybill.tck.BrokerHarness;
import org.junit.jupiter.api.extension.RegisterExtension;

class RabbitMqConformanceIT extends BrokerConformance {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("rabbitmq", Connection.class);

    @Override
    protected BrokerHarness harness() {
        return SERVER;
    }
}
