package dev.waybill.rabbitmq;

import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class RabbitMq43IT extends Contract {
    private static RabbitMqServer server;

    @BeforeAll
    static void start() {
        server = TestServers.rabbitmq("4.3", ServerOptions.usual());
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
