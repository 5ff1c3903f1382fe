package dev.waybill.it;

import com.rabbitmq.client.Connection;
import org.junit.jupiter.api.extension.RegisterExtension;

class RabbitMqBacklogIT extends BacklogRules {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("rabbitmq", Connection.class);

    @Override
    ServerUnderTest site() {
        return SERVER;
    }
}
