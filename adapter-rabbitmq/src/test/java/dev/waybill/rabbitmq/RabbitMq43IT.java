package dev.waybill.rabbitmq;

import dev.waybill.servers.RabbitMqServer;
import org.junit.jupiter.api.extension.RegisterExtension;

class RabbitMq43IT extends Contract {
    @RegisterExtension
    static final SharedServer SERVER = new SharedServer("4.3");

    @Override
    RabbitMqServer server() {
        return SERVER.get();
    }
}
