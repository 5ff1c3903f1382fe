package dev.waybill.it;

import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.tck.BrokerHarness;
import dev.waybill.tck.OtherSoftware;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * The real server of a test class, behind a proxy that can cut its connections. Starts it before the class, ends it afterwards,
 * and reports which server it was and how the tests came out.
 */
final class ServerUnderTest implements BrokerHarness, BeforeAllCallback, AfterAllCallback, TestWatcher {
    private final String name;
    private final Class<?> nativeType;
    private final AtomicInteger passed = new AtomicInteger();
    private final AtomicInteger aborted = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();

    private TestServer server;
    private CutProxy proxy;

    /**
     * @param name as {@link TestServers#start(String)} takes it
     * @param nativeType what {@link Waybill#unwrap} hands out there
     */
    ServerUnderTest(String name, Class<?> nativeType) {
        this.name = name;
        this.nativeType = nativeType;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        if (server != null) {
            return; // the class around this one has started it
        }
        proxy = new CutProxy();
        // Kafka's clients go where the broker says that it is.
        server = TestServers.start(
                name, name.equals("kafka") ? ServerOptions.usual().advertising(proxy.port()) : ServerOptions.usual());
        if (proxied()) {
            URI real = URI.create(server.uri());
            proxy.leadTo(real.getHost(), real.getPort());
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (context.getRequiredTestClass().isMemberClass()) {
            return;
        }
        Report.line("%s server=\"%s\" mode=%s passed=%d aborted=%d failed=%d"
                .formatted(
                        context.getRequiredTestClass().getSimpleName(),
                        server.product(),
                        mode(),
                        passed.get(),
                        aborted.get(),
                        failed.get()));
        server.close();
        proxy.close();
    }

    TestServer server() {
        return server;
    }

    CutProxy proxy() {
        return proxy;
    }

    /** Whether the way to the server leads through the proxy. */
    boolean proxied() {
        return !external();
    }

    @Override
    public WaybillConfig config() {
        URI real = URI.create(server.uri());
        WaybillConfig config = config(
                server,
                proxied()
                        ? server.uri().replace(real.getHost() + ":" + real.getPort(), "127.0.0.1:" + proxy.port())
                        : server.uri());
        return slow() ? config.with("waybill.producer.send-timeout", "2m") : config;
    }

    /** How to open a Waybill on a server that is reached at that address. */
    static WaybillConfig config(TestServer server, String uri) {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", server.broker(), "waybill.uri", uri));
        // The doubles of SQS take any access key.
        return server.broker().equals("sqs")
                ? config.with("waybill.username", "test").with("waybill.password", "test")
                : config;
    }

    /** How to consume an ordered queue that exists, so that the broker soon misses a process that stands still. */
    WaybillConfig impatientOf(Waybill waybill, Queue<?> queue) {
        return switch (server.broker()) {
            case "rabbitmq" -> config().with("waybill.rabbitmq.native.connection.heartbeat", "2");
            case "kafka" -> {
                shortenSessions(waybill, "waybill-" + queue.name() + ".ordered");
                yield config();
            }
            default -> config();
        };
    }

    private static void shortenSessions(Waybill waybill, String group) {
        Admin admin = waybill.unwrap(Admin.class).orElseThrow();
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
        ConfigEntry session = new ConfigEntry("consumer.session.timeout.ms", "6000");
        try {
            admin.incrementalAlterConfigs(
                            Map.of(resource, List.of(new AlterConfigOp(session, AlterConfigOp.OpType.SET))))
                    .all()
                    .get(10, TimeUnit.SECONDS);
        } catch (Exception failed) {
            throw new AssertionError("the sessions of the group are as long as they were", failed);
        }
    }

    @Override
    public boolean sometimesDeliversTwice() {
        return server.broker().equals("sqs");
    }

    /** Whether it takes some tens of messages a second: the double of SQS that a container may be. */
    boolean slow() {
        return server.broker().equals("sqs") && mode().equals("containers");
    }

    /**
     * In LocalStack's place a container may run the moto server, which looks at what is in flight when a long poll begins, and not again
     * while that waits; so two consumers get what is sent meanwhile to one message group at once.
     */
    @Override
    public boolean holdsUpKeys() {
        return !slow() || server.product().startsWith("LocalStack");
    }

    /**
     * A double that takes a second for a heartbeat loses a lock of two; so does one beside which a whole build runs, and it loses an
     * answer now and then, whose messages come when their lock has ended.
     */
    @Override
    public Duration shortLock() {
        return Duration.ofSeconds(slow() ? 5 : server.broker().equals("sqs") ? 3 : 2);
    }

    @Override
    public Duration patience() {
        return Duration.ofSeconds(slow() ? 120 : 30);
    }

    @Override
    public Class<?> nativeType() {
        return nativeType;
    }

    /** SQS is a service that nobody restarts; its double loses what is in flight when it is, so that this would test the double. */
    @Override
    public Optional<Runnable> restart() {
        return external() || server.broker().equals("sqs") ? Optional.empty() : Optional.of(server::restart);
    }

    @Override
    public Optional<Consumer<Waybill>> loseConnections() {
        if (server instanceof RabbitMqServer rabbit && !external()) {
            return Optional.of(waybill -> rabbit.rabbitmqctl("close_all_connections", "test"));
        }
        return proxied()
                ? Optional.of(waybill -> {
                    proxy.cut();
                    proxy.heal();
                })
                : Optional.empty();
    }

    @Override
    public Optional<OtherSoftware> otherSoftware() {
        return Optional.of(
                switch (server.broker()) {
                    case "rabbitmq" -> new RabbitMqOtherSoftware();
                    case "kafka" ->
                        new KafkaOtherSoftware(URI.create(server.uri()).getAuthority());
                    default -> new SqsOtherSoftware();
                });
    }

    /** Deletes it; who declares the queue anew makes it again. */
    @Override
    public Optional<BiFunction<Waybill, Queue<?>, Runnable>> loseDeadLetterQueue() {
        return Optional.of((waybill, queue) -> {
            switch (server.broker()) {
                case "rabbitmq" ->
                    RabbitMqOtherSoftware.ask(waybill, channel -> channel.queueDelete(queue.name() + ".dlq"));
                case "kafka" -> deleteTopic(waybill, "dlq." + queue.name());
                default -> SqsOtherSoftware.deleteQueue(waybill, queue.name() + "-dlq");
            }
            return () -> declare(queue);
        });
    }

    private static void deleteTopic(Waybill waybill, String topic) {
        try {
            waybill.unwrap(Admin.class)
                    .orElseThrow()
                    .deleteTopics(List.of(topic))
                    .all()
                    .get(10, TimeUnit.SECONDS);
        } catch (Exception failed) {
            throw new AssertionError("the topic was not deleted", failed);
        }
    }

    private void declare(Queue<?> queue) {
        try (Waybill waybill = Waybill.open(config())) {
            waybill.producer(queue);
        }
    }

    /** A server that we have not started is not ours to stop. */
    private static boolean external() {
        return mode().equals("external");
    }

    private static String mode() {
        return System.getProperty("waybill.it.servers", "local");
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        passed.incrementAndGet();
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        aborted.incrementAndGet();
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        failed.incrementAndGet();
    }
}
