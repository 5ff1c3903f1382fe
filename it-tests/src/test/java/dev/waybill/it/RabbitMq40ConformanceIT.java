package dev.waybill.it;

import com.rabbitmq.client.Connection;
import dev.waybill.tck.BrokerConformance;
import dev.waybill.tck.BrokerHarness;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisabledIfSystemProperty(
        named = "waybill.it.servers",
        matches = "containers|external",
        disabledReason = "the second version of RabbitMQ runs as a local process only")
class RabbitMq40ConformanceIT extends BrokerConformance {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("rabbitmq-4.0", Connection.class);

    @Override
    protected BrokerHarness harness() {
        return SERVER;
    }
}
