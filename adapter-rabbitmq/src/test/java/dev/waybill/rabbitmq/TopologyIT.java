package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import dev.waybill.ConfigException;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.QueueDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopologyIT {
    @RegisterExtension
    static final SharedServer NEWER = new SharedServer("4.3");

    @RegisterExtension
    static final SharedServer OLDER = new SharedServer("4.0");

    private static RabbitMqServer server(String version) {
        return (version.equals("4.0") ? OLDER : NEWER).get();
    }

    private static Broker open(String version) {
        return new RabbitMqBrokerProvider().open(new TestContext(server(version).uri()));
    }

    private static void plainly(Broker broker, PlainCall call) throws Exception {
        try (Channel channel = broker.unwrap(Connection.class).orElseThrow().createChannel()) {
            call.on(channel);
        }
    }

    private interface PlainCall {
        void on(Channel channel) throws Exception;
    }

    private static TopologyException differs(Broker broker, TestQueue queue, TopologyMode mode) {
        return catchThrowableOfType(TopologyException.class, () -> broker.declare(queue.definition, mode));
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void whatIsDeclaredTwiceIsTheSame(String version) {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.declared(broker, 5);
            broker.declare(queue.definition, TopologyMode.DECLARE);
            broker.declare(queue.definition, TopologyMode.VERIFY);
            assertThat(broker.capabilities().broker()).contains("RabbitMQ " + version);
        }
    }

    @Test
    void levelsInOneQueueAndInSeveralExcludeEachOther() throws Exception {
        try (Broker broker = open("4.3")) {
            QueueDefinition inOne = TestQueue.undeclared(broker, 5).definition.withPriorities(3);
            for (TopologyMode mode : TopologyMode.values()) {
                if (mode != TopologyMode.OFF) {
                    broker.declare(inOne, mode);
                    broker.declare(inOne.withLane(1), mode);
                }
            }
            QueueDefinition several = inOne.withPriorities(0);
            broker.declare(several, TopologyMode.DECLARE);
            assertThatThrownBy(() -> broker.declare(several.withLane(1), TopologyMode.DECLARE))
                    .isInstanceOf(TopologyException.class)
                    .hasMessageContaining("'" + inOne.name() + ":due' exists");
            plainly(broker, channel -> channel.queueDelete(inOne.name() + ":due"));
            broker.declare(several.withLane(1), TopologyMode.DECLARE);
            assertThatThrownBy(() -> broker.declare(inOne, TopologyMode.DECLARE))
                    .isInstanceOf(TopologyException.class)
                    .hasMessageContaining("'" + inOne.name() + ":p1' exists");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void manyProcessesMayDeclareAtOnce(String version) {
        for (int round = 0; round < 3; round++) {
            List<Broker> brokers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                brokers.add(open(version));
            }
            TestQueue queue = TestQueue.undeclared(brokers.get(0), 5);
            CompletableFuture.allOf(brokers.stream()
                            .map(broker -> CompletableFuture.runAsync(
                                    () -> broker.declare(queue.definition, TopologyMode.DECLARE)))
                            .toArray(CompletableFuture[]::new))
                    .join();
            brokers.forEach(Broker::close);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void toVerifyCreatesNothingAndSaysWhatIsMissing(String version) throws Exception {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.undeclared(broker, 5);
            assertThat(differs(broker, queue, TopologyMode.VERIFY))
                    .hasMessageContaining(queue.deadLetterName())
                    .hasMessageContaining("none");
            assertThatThrownBy(() -> plainly(broker, channel -> channel.queueDeclarePassive(queue.deadLetterName())))
                    .isNotNull();
            broker.declare(queue.definition, TopologyMode.DECLARE);
            plainly(broker, channel -> channel.queueDelete(queue.name()));
            assertThat(differs(broker, queue, TopologyMode.VERIFY)).hasMessageContaining("'" + queue.name() + "'");
            assertThatThrownBy(() -> queue.receiver(1)).isInstanceOf(BrokerException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void everyArgumentThatDiffersIsReported(String version) throws Exception {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.undeclared(broker, 5);
            plainly(broker, channel -> {
                Map<String, Object> arguments = new HashMap<>();
                arguments.put("x-queue-type", "quorum");
                arguments.put("x-delivery-limit", 7);
                arguments.put("x-overflow", "drop-head");
                arguments.put("x-message-ttl", 60_000);
                channel.queueDeclare(queue.name(), true, false, false, arguments);
            });
            for (TopologyMode mode : new TopologyMode[] {TopologyMode.DECLARE, TopologyMode.VERIFY}) {
                broker.declare(TestQueue.undeclared(broker, 5).definition, TopologyMode.DECLARE);
                if (mode == TopologyMode.VERIFY) {
                    plainly(
                            broker,
                            channel -> channel.queueDeclare(
                                    queue.deadLetterName(),
                                    true,
                                    false,
                                    false,
                                    Topology.deadLetterArguments(ServerVersion.V4_0)));
                }
                assertThat(differs(broker, queue, mode).differences())
                        .extracting(Difference::toString)
                        .containsExactlyInAnyOrder(
                                "x-delivery-limit is declared as 4 but is 7",
                                "x-overflow is declared as reject-publish but is drop-head",
                                "x-message-ttl is declared as none but is 60000",
                                "x-dead-letter-exchange is declared as  but is none",
                                "x-dead-letter-routing-key is declared as " + queue.deadLetterName() + " but is none",
                                "x-dead-letter-strategy is declared as at-least-once but is none");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void aQueueOfAnotherTypeIsReportedWithAllThatComesOfIt(String version) throws Exception {
        try (Broker broker = open(version)) {
            for (String type : new String[] {"classic", "stream"}) {
                TestQueue queue = TestQueue.undeclared(broker, 5);
                plainly(
                        broker,
                        channel ->
                                channel.queueDeclare(queue.name(), true, false, false, Map.of("x-queue-type", type)));
                assertThat(differs(broker, queue, TopologyMode.DECLARE).differences())
                        .extracting(Difference::toString)
                        .contains("x-queue-type is declared as quorum but is " + type)
                        .doesNotHaveDuplicates();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void aQueueThatDeletesItselfIsReported(String version) throws Exception {
        try (Broker broker = open(version)) {
            TestQueue queue = TestQueue.undeclared(broker, 5);
            plainly(
                    broker,
                    channel ->
                            channel.queueDeclare(queue.name(), true, false, true, Map.of("x-queue-type", "classic")));
            assertThat(differs(broker, queue, TopologyMode.DECLARE).differences())
                    .extracting(Difference::toString)
                    .contains("auto_delete is declared as false but is true")
                    .contains("x-queue-type is declared as quorum but is classic");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void wrongCredentialsAreDeniedAndNotShown(String version) {
        String uri = server(version).uri().replace("guest:guest", "guest:not-the-password");
        assertThatThrownBy(() -> new RabbitMqBrokerProvider().open(new TestContext(uri)))
                .hasMessageNotContaining("not-the-password")
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        failed -> assertThat(failed.kind()).isEqualTo(BrokerException.Kind.DENIED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void aVirtualHostThatDoesNotExistIsDeniedWithItsName(String version) {
        String uri = server(version).uri() + "/no-such-host";
        assertThatThrownBy(() -> new RabbitMqBrokerProvider().open(new TestContext(uri)))
                .hasMessageContaining("no-such-host")
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        failed -> assertThat(failed.kind()).isEqualTo(BrokerException.Kind.DENIED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void theConfiguredUserWinsOverTheAddressAndWhatItMayNotDoIsDenied(String version) {
        RabbitMqServer server = server(version);
        server.rabbitmqctl("add_user", "reader", "read-secret");
        server.rabbitmqctl("set_permissions", "reader", "^$", "^$", ".*");
        try (Broker broker =
                new RabbitMqBrokerProvider().open(new TestContext(server.uri()).credentials("reader", "read-secret"))) {
            assertThatThrownBy(() -> TestQueue.declared(broker, 5))
                    .hasMessageNotContaining("read-secret")
                    .isInstanceOfSatisfying(
                            BrokerException.class,
                            failed -> assertThat(failed.kind()).isEqualTo(BrokerException.Kind.DENIED));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void nativeSettingsReachTheClientAndUnknownOnesAreRefused(String version) {
        TestContext context = new TestContext(server(version).uri()).nativeSetting("connection.heartbeat", "33");
        try (Broker broker = new RabbitMqBrokerProvider().open(context)) {
            assertThat(broker.unwrap(Connection.class).orElseThrow().getHeartbeat())
                    .isEqualTo(33);
        }
        assertThatThrownBy(() -> new RabbitMqBrokerProvider().open(context.nativeSetting("connection.hartbeat", "1")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("connection.hartbeat")
                .hasMessageContaining("connection.heartbeat");
    }
}
