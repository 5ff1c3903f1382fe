package dev.waybill.servers;

import java.io.IOException;
import java.net.URI;

/** A server that somebody else runs: it is only looked at. */
class ExternalServer implements TestServer {
    private static final int USUAL_REDIS_PORT = 6379;

    private final String broker;
    private final String uri;
    private final String product;

    private ExternalServer(String broker, Probe probe) {
        this.broker = broker;
        String key = "waybill.it." + broker + ".uri";
        this.uri = Mode.setting(key, System.getProperties(), System.getenv())
                .orElseThrow(() -> new IllegalArgumentException(
                        key + " is not set, but " + Mode.KEY + " is external, which takes the server from there"));
        try {
            this.product = probe.ask(URI.create(uri));
        } catch (IOException e) {
            throw new ServerException("No " + broker + " answers at the address in " + key, e);
        }
    }

    private interface Probe {
        String ask(URI uri) throws IOException;
    }

    static RabbitMqServer rabbitmq() {
        return new RabbitMq();
    }

    static KafkaServer kafka() {
        return new Kafka();
    }

    static TestServer sqs() {
        return new ExternalServer("sqs", uri -> SqsProbe.ask(uri.toString()));
    }

    static TestServer redis() {
        return new ExternalServer(
                "redis", uri -> RedisProbe.ask(uri.getHost(), uri.getPort() < 0 ? USUAL_REDIS_PORT : uri.getPort()));
    }

    static TestServer s3() {
        return new ExternalServer("s3", uri -> S3Probe.ask(uri.toString()));
    }

    static TestServer azure() {
        return new ExternalServer("azure", uri -> AzureProbe.ask(uri.toString(), null));
    }

    @Override
    public final String broker() {
        return broker;
    }

    @Override
    public final String uri() {
        return uri;
    }

    @Override
    public final String product() {
        return product;
    }

    @Override
    public final boolean keepsData() {
        return true;
    }

    @Override
    public final void start() {
        throw refusal("started");
    }

    @Override
    public final void restart() {
        throw refusal("restarted");
    }

    @Override
    public final void kill() {
        throw refusal("killed");
    }

    @Override
    public final void close() {
        // It is not ours to end.
    }

    final UnsupportedOperationException refusal(String what) {
        return new UnsupportedOperationException("An external " + broker + " cannot be " + what + " from here; "
                + Mode.KEY + "=local or containers starts one that can");
    }

    private static final class RabbitMq extends ExternalServer implements RabbitMqServer {
        private static final int USUAL_PORT = 5672;

        RabbitMq() {
            super("rabbitmq", uri -> AmqpProbe.ask(uri.getHost(), uri.getPort() < 0 ? USUAL_PORT : uri.getPort()));
        }

        @Override
        public String managementUri() {
            throw refusal("managed");
        }

        @Override
        public String tlsUri() {
            throw refusal("given another listener");
        }

        @Override
        public String rabbitmqctl(String... arguments) {
            throw refusal("commanded");
        }
    }

    private static final class Kafka extends ExternalServer implements KafkaServer {
        private static final int USUAL_PORT = 9092;

        Kafka() {
            super("kafka", uri -> {
                KafkaProbe.ask(uri.getHost(), uri.getPort() < 0 ? USUAL_PORT : uri.getPort());
                return "Apache Kafka (external, its protocol tells no version)";
            });
        }

        @Override
        public String saslUri() {
            throw refusal("given another listener");
        }

        @Override
        public String saslUser() {
            throw refusal("given a user");
        }

        @Override
        public String saslPassword() {
            throw refusal("given a user");
        }
    }
}
