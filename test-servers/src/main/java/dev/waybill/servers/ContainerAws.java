package dev.waybill.servers;

import java.io.IOException;
import java.util.Locale;
import org.testcontainers.localstack.LocalStackContainer;

/** One service of LocalStack. */
final class ContainerAws extends ContainerServer {
    private static final int GATEWAY = 4566;

    private final int port = publish(GATEWAY);
    private final Probe probe;

    /** Asks for the service at a URI, and says who serves there. */
    interface Probe {
        String ask(String uri) throws IOException;
    }

    ContainerAws(String service, ServerOptions options, Probe probe) {
        super(service, new LocalStackContainer(Images.AWS).withServices(service));
        if (!options.config().isEmpty()) {
            throw new UnsupportedOperationException("In containers " + service.toUpperCase(Locale.ROOT) + " is "
                    + Images.AWS + ", which takes no settings of another: " + options.config());
        }
        this.probe = probe;
        // So that the URLs of queues lead back here.
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
        return probe.ask(uri());
    }
}
