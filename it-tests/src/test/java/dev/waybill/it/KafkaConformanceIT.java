package dev.waybill.it;

import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.tck.BrokerConformance;
import dev.waybill.tck.BrokerHarness;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;

class KafkaConformanceIT extends BrokerConformance {
    private static TestServer server;

    @RegisterExtension
    static final ConformanceReport REPORT = new ConformanceReport(() -> server.product());

    @BeforeAll
    static void start() {
        server = TestServers.start("kafka");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    protected BrokerHarness harness() {
        return new ServerHarness(server, Admin.class);
    }
}
