package dev.waybill.s3;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;

/** The same by a second double of S3, which does what {@link S3PayloadStoreIT} cannot ask of the first. */
class MotoPayloadStoreIT extends S3PayloadStoreIT {
    private static final String NAME = "s3-moto";

    @Override
    TestServer newServer() {
        assumeTrue(
                TestServers.offers(NAME),
                "moto, which runs as a local process only, is not installed: Debian's python3-moto or pip's moto[server]");
        return TestServers.start(NAME);
    }
}
