package dev.waybill.servers;

import java.io.IOException;
import org.testcontainers.localstack.LocalStackContainer;

/** LocalStack's SQS. */
final class ContainerSqs extends ContainerServer {
    private static final int GATEWAY = 4566;

    private final int port = publish(GATEWAY);

    ContainerSqs(ServerOptions options) {
        super("sqs", new LocalStackContainer(Images.AWS).withServices("sqs"));
        if (!options.config().isEmpty()) {
            throw new UnsupportedOperationException("In containers SQS is " + Images.AWS
                    + ", which takes no settings of ElasticMQ: " + options.config());
        }
        // So that the URLs of its queues lead back here.
        container().withEnv("LOCALSTACK_HOST", host() + ":" + port).withEnv("SQS_ENDPOINT_STRATEGY", "path");
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
        return SqsProbe.ask(uri());
    }
}
