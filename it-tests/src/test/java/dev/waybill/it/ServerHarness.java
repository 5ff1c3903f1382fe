package dev.waybill.it;

import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.TestServer;
import dev.waybill.tck.BrokerHarness;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A real server as the suite and the failure tests see it. */
record ServerHarness(TestServer server, Class<?> nativeType) implements BrokerHarness {

    @Override
    public WaybillConfig config() {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", server.broker(), "waybill.uri", server.uri()));
        // The doubles of SQS take any access key.
        return server.broker().equals("sqs")
                ? config.with("waybill.username", "test").with("waybill.password", "test")
                : config;
    }

    /** SQS is a service that nobody restarts; its double loses what is in flight when it is, so that this would test the double. */
    @Override
    public Optional<Runnable> restart() {
        return external() || server.broker().equals("sqs") ? Optional.empty() : Optional.of(server::restart);
    }

    @Override
    public Optional<Consumer<Waybill>> loseConnections() {
        return server instanceof RabbitMqServer rabbit && !external()
                ? Optional.of(waybill -> rabbit.rabbitmqctl("close_all_connections", "test"))
                : Optional.empty();
    }

    /** A server that we have not started is not ours to stop. */
    private static boolean external() {
        return "external".equals(System.getProperty("waybill.it.servers"));
    }
}
