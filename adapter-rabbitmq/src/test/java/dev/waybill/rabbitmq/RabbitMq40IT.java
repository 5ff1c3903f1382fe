package dev.waybill.rabbitmq;

import dev.waybill.servers.RabbitMqServer;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisabledIfSystemProperty(
        named = "waybill.it.servers",
        matches = "containers|external",
        disabledReason = "the second version of RabbitMQ runs as a local process only")
class RabbitMq40IT extends Contract {
    @RegisterExtension
    static final SharedServer SERVER = new SharedServer("4.0");

    @Override
    RabbitMqServer server() {
        return SERVER.get();
    }
}
