package dev.waybill.it;

import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.tck.BrokerConformance;
import dev.waybill.tck.BrokerHarness;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.sqs.SqsClient;

class SqsConformanceIT extends BrokerConformance {
    private static TestServer server;

    @RegisterExtension
    static final ConformanceReport REPORT = new ConformanceReport(() -> server.product());

    @BeforeAll
    static void start() {
        server = TestServers.start("sqs");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    protected BrokerHarness harness() {
        return new ServerHarness(server, SqsClient.class);
    }
}
