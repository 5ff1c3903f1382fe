package dev.waybill.it;

import com.rabbitmq.client.Connection;
import org.junit.jupiter.api.extension.RegisterExtension;

class RabbitMqFaultIT extends FaultRules {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("rabbitmq", Connection.class);

    @Override
    ServerUnderTest site() {
        return SERVER;
    }
}
