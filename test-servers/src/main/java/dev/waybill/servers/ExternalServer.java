package dev.waybill.servers;

import java.io.IOException;
import java.net.URI;

/** A server that somebody else runs: it is only looked at. */
final class ExternalServer implements RabbitMqServer {
    private static final int AMQP_PORT = 5672;
    private static final int KAFKA_PORT = 9092;

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
        return new ExternalServer("rabbitmq", uri -> AmqpProbe.ask(uri.getHost(), port(uri, AMQP_PORT)));
    }

    static TestServer kafka() {
        return new ExternalServer("kafka", uri -> {
            KafkaProbe.ask(uri.getHost(), port(uri, KAFKA_PORT));
            return "Apache Kafka (external)";
        });
    }

    static TestServer sqs() {
        return new ExternalServer("sqs", uri -> {
            SqsProbe.ask(uri.toString());
            return "SQS (external)";
        });
    }

    private static int port(URI uri, int usual) {
        return uri.getPort() < 0 ? usual : uri.getPort();
    }

    @Override
    public String broker() {
        return broker;
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public String product() {
        return product;
    }

    @Override
    public void start() {
        throw refusal("started");
    }

    @Override
    public void restart() {
        throw refusal("restarted");
    }

    @Override
    public void kill() {
        throw refusal("killed");
    }

    @Override
    public String managementUri() {
        throw refusal("managed");
    }

    @Override
    public String rabbitmqctl(String... arguments) {
        throw refusal("commanded");
    }

    private UnsupportedOperationException refusal(String what) {
        return new UnsupportedOperationException("An external " + broker + " cannot be " + what + " from here; "
                + Mode.KEY + "=local or containers starts one that can");
    }

    @Override
    public void close() {
        // It is not ours to end.
    }
}
