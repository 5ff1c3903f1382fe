package dev.waybill.servers;

import java.io.IOException;
import org.testcontainers.localstack.LocalStackContainer;

/** LocalStack's S3. */
final class ContainerS3 extends ContainerServer {
    private static final int GATEWAY = 4566;

    private final int port = publish(GATEWAY);

    ContainerS3(ServerOptions options) {
        super("s3", new LocalStackContainer(Images.AWS).withServices("s3"));
        if (!options.config().isEmpty()) {
            throw new UnsupportedOperationException(
                    "In containers S3 is " + Images.AWS + ", which takes no settings of S3Mock: " + options.config());
        }
    }

    @Override
    public String uri() {
        return "http://" + host() + ":" + port;
    }

    @Override
    public boolean keepsData() {
        return false;
    }

    @Override
    String probe() throws IOException {
        return S3Probe.ask(uri());
    }
}
