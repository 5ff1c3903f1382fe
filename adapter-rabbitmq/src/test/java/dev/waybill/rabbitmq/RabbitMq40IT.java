package dev.waybill.rabbitmq;

import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

@DisabledIfSystemProperty(
        named = "waybill.it.servers",
        matches = "containers|external",
        disabledReason = "the second version of RabbitMQ runs as a local process only")
class RabbitMq40IT extends Contract {
    private static RabbitMqServer server;

    @BeforeAll
    static void start() {
        server = TestServers.rabbitmq("4.0", ServerOptions.usual());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    RabbitMqServer server() {
        return server;
    }
}
