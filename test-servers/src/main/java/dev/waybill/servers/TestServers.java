package dev.waybill.servers;

import java.util.List;

/**
 * Starts servers, from where {@code waybill.it.servers} says (a system property, or the environment variable
 * {@code WAYBILL_IT_SERVERS}): {@code local} processes, which is the default, {@code containers}, or {@code external} ones at
 * {@code waybill.it.rabbitmq.uri}, {@code waybill.it.kafka.uri}, {@code waybill.it.sqs.uri}, {@code waybill.it.s3.uri},
 * {@code waybill.it.azure.uri} (an Azurite, with its usual account) and {@code waybill.it.redis.uri}. What cannot start throws.
 *
 * <pre>{@code
 * try (TestServer server = TestServers.start("kafka")) {
 *     connect(server.uri());
 *     server.kill();
 *     server.start();
 * }
 * }</pre>
 */
public final class TestServers {
    private static final List<String> RABBITMQ_VERSIONS = List.of("4.3", "4.0");

    private TestServers() {}

    /**
     * Whether that server can be started here: the second version of RabbitMQ and the second double of S3 are local processes or nothing,
     * and the latter only if {@code moto_server} is on the PATH; Azurite as a local process needs {@code npm} there.
     */
    public static boolean offers(String name) {
        return switch (name) {
            case "rabbitmq-4.0" -> Mode.current() == Mode.LOCAL;
            case "s3-moto" ->
                Mode.current() == Mode.LOCAL && LocalMoto.program().isPresent();
            case "azure" -> Mode.current() != Mode.LOCAL || LocalAzurite.isOffered();
            default -> true;
        };
    }

    /**
     * A running server.
     *
     * @param name {@code rabbitmq} (4.3), {@code rabbitmq-4.0}, {@code kafka}, {@code sqs}, {@code s3}, {@code s3-moto},
     *     {@code azure} or {@code redis}
     */
    public static TestServer start(String name) {
        return start(name, ServerOptions.usual());
    }

    /** The same with options. */
    public static TestServer start(String name, ServerOptions options) {
        return switch (name) {
            case "rabbitmq", "rabbitmq-4.3" -> rabbitmq("4.3", options);
            case "rabbitmq-4.0" -> rabbitmq("4.0", options);
            case "kafka" -> kafka(options);
            case "sqs" -> sqs(options);
            case "s3" -> s3(options);
            case "s3-moto" -> started(new LocalMoto());
            case "azure" -> azure(options);
            case "redis" -> redis(options);
            default ->
                throw new IllegalArgumentException("Server '" + name
                        + "' must be rabbitmq, rabbitmq-4.3, rabbitmq-4.0, kafka, sqs, s3, s3-moto, azure or redis");
        };
    }

    /** A running RabbitMQ of the version that the project builds on. */
    public static RabbitMqServer rabbitmq() {
        return rabbitmq("4.3", ServerOptions.usual());
    }

    /**
     * A running RabbitMQ.
     *
     * @param version {@code 4.3} or {@code 4.0}
     */
    public static RabbitMqServer rabbitmq(String version, ServerOptions options) {
        if (!RABBITMQ_VERSIONS.contains(version)) {
            throw new IllegalArgumentException("RabbitMQ '" + version + "' must be one of " + RABBITMQ_VERSIONS);
        }
        if (!offers("rabbitmq-" + version)) {
            throw new IllegalArgumentException("RabbitMQ " + version + " runs as a local process only");
        }
        return switch (Mode.current()) {
            case LOCAL -> started(new LocalRabbitMq(version, options));
            case CONTAINERS -> started(new ContainerRabbitMq(options));
            case EXTERNAL -> ExternalServer.rabbitmq();
        };
    }

    /** A running Kafka. */
    public static KafkaServer kafka(ServerOptions options) {
        return switch (Mode.current()) {
            case LOCAL -> started(new LocalKafka(options));
            case CONTAINERS -> started(new ContainerKafka(options));
            case EXTERNAL -> ExternalServer.kafka();
        };
    }

    private static TestServer sqs(ServerOptions options) {
        if (options.certificates() != null) {
            throw new IllegalArgumentException("SQS has no TLS listener; its doubles speak plain HTTP");
        }
        return switch (Mode.current()) {
            case LOCAL -> started(new LocalElasticMq(options));
            case CONTAINERS -> started(new ContainerAws("sqs", options, SqsProbe::ask));
            case EXTERNAL -> ExternalServer.sqs();
        };
    }

    private static TestServer redis(ServerOptions options) {
        if (options.certificates() != null) {
            throw new IllegalArgumentException("Redis is started without a TLS listener here");
        }
        return switch (Mode.current()) {
            case LOCAL -> started(new LocalRedis(options));
            case CONTAINERS -> started(new ContainerRedis(options));
            case EXTERNAL -> ExternalServer.redis();
        };
    }

    private static TestServer s3(ServerOptions options) {
        return switch (Mode.current()) {
            case LOCAL -> started(new LocalS3Mock(options));
            case CONTAINERS -> started(new ContainerAws("s3", options, S3Probe::ask));
            case EXTERNAL -> ExternalServer.s3();
        };
    }

    private static TestServer azure(ServerOptions options) {
        return switch (Mode.current()) {
            case LOCAL -> started(new LocalAzurite(options));
            case CONTAINERS -> started(new ContainerAzurite(options));
            case EXTERNAL -> ExternalServer.azure();
        };
    }

    private static <S extends TestServer> S started(S server) {
        server.start();
        return server;
    }
}
