package dev.waybill.it;

import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;

class SqsFaultIT extends FaultRules {
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
    TestServer server() {
        return server;
    }

    @Override
    boolean proxied() {
        return true;
    }
}
