package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import dev.waybill.CapabilityException;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException.Reason;
import dev.waybill.TopologyException;
import dev.waybill.TopologyMode;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServers;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Queues that are ordered by key, on real servers. */
class PartitionsIT {
    private static final int KEYS = 40;
    /** So many keys that each partition has some. */
    private static final int MANY = 200;

    @RegisterExtension
    static final SharedServer NEWER = new SharedServer("4.3");

    @RegisterExtension
    static final SharedServer OLDER = new SharedServer("4.0");

    private static TestContext context(String version) {
        return new TestContext((version.equals("4.0") ? OLDER : NEWER).get().uri());
    }

    private static Broker open(TestContext context) {
        return new RabbitMqBrokerProvider().open(context);
    }

    private static void plainly(Broker broker, PlainCall call) throws Exception {
        try (Channel channel = broker.unwrap(Connection.class).orElseThrow().createChannel()) {
            call.on(channel);
        }
    }

    private interface PlainCall {
        void on(Channel channel) throws Exception;
    }

    private static TestQueue declared(Broker broker) {
        TestQueue queue = TestQueue.undeclared(broker, 10).orderedByKey();
        broker.declare(queue.definition, TopologyMode.DECLARE);
        return queue;
    }

    private static Sent keyed(int number) {
        return new Sent(new Envelope(
                Integer.toString(number),
                "key-" + number % KEYS,
                "text/plain",
                1,
                Map.of(),
                Integer.toString(number).getBytes(StandardCharsets.UTF_8)));
    }

    private static void send(TestQueue queue, int messages) {
        List<Sent> batch =
                IntStream.range(0, messages).mapToObj(PartitionsIT::keyed).toList();
        queue.send(batch);
        assertThat(batch).allMatch(sent -> sent.stored);
    }

    private static void sendOfManyKeys(TestQueue queue) {
        List<Sent> batch = IntStream.range(0, MANY)
                .mapToObj(number -> new Sent(new Envelope(
                        Integer.toString(number), "key-" + number, "text/plain", 1, Map.of(), new byte[1])))
                .toList();
        queue.send(batch);
        assertThat(batch).allMatch(sent -> sent.stored);
    }

    /** Of each key those that follow each other. */
    private static void assertInOrder(List<Inbound> received) {
        Set<String> keys = new HashSet<>();
        received.forEach(message -> keys.add(message.envelope().key()));
        for (String key : keys) {
            assertThat(received.stream()
                            .filter(message -> key.equals(message.envelope().key()))
                            .map(message -> Integer.valueOf(message.envelope().id()))
                            .toList())
                    .as(key)
                    .isSorted();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"exchange", "client"})
    void keysAreSpreadAndAllArriveInOrder(String partitioner) throws Exception {
        try (Broker broker = open(context("4.3").setting("partitioner", partitioner))) {
            TestQueue queue = declared(broker);
            broker.declare(queue.definition, TopologyMode.VERIFY);
            send(queue, 200);
            await().atMost(TestQueue.PATIENCE)
                    .untilAsserted(() -> assertThat(broker.depth(queue.main())).isEqualTo(200));
            plainly(
                    broker,
                    channel -> assertThat(channel.messageCount(queue.name() + ".0"))
                            .isLessThan(100));
            Receiver receiver = queue.receiver(1000);
            List<Inbound> received = TestQueue.receive(receiver, 200);
            assertInOrder(received);
            TestQueue.accept(receiver, received);
            receiver.close();
            await().atMost(TestQueue.PATIENCE)
                    .untilAsserted(() -> assertThat(broker.depth(queue.main())).isZero());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void anotherNumberOrPartitionerIsAnError(String version) {
        try (Broker broker = open(context(version).setting("partitioner", "exchange"));
                Broker fewer = open(context(version).setting("partitions", "4"));
                Broker more = open(context(version).setting("partitions", "17"));
                Broker client = open(context(version))) {
            TestQueue queue = declared(broker);
            for (TopologyMode mode : new TopologyMode[] {TopologyMode.DECLARE, TopologyMode.VERIFY}) {
                assertThatThrownBy(() -> fewer.declare(queue.definition, mode))
                        .isInstanceOf(TopologyException.class)
                        .hasMessageContaining("partitions is declared as 4 but is 16");
                assertThatThrownBy(() -> more.declare(queue.definition, mode))
                        .isInstanceOf(TopologyException.class)
                        .hasMessageContaining("partitions is declared as 17 but is 16");
                assertThatThrownBy(() -> client.declare(queue.definition, mode))
                        .isInstanceOf(TopologyException.class)
                        .hasMessageContaining("type is declared as direct but is x-consistent-hash");
            }
            broker.declare(queue.definition, TopologyMode.VERIFY);
        }
    }

    @Test
    void aQueueThatIsNotOrderedIsNotTakenForOneThatIs() {
        try (Broker broker = open(context("4.3"))) {
            TestQueue plain = TestQueue.declared(broker, 10, RetryPolicy.DEFAULT);
            TestQueue ordered = plain.orderedByKey();
            assertThatThrownBy(() -> broker.declare(ordered.definition, TopologyMode.DECLARE))
                    .isInstanceOf(TopologyException.class)
                    .hasMessageContaining("ordered by key");
        }
    }

    @Test
    void whatFindsNoPartitionIsUnroutable() throws Exception {
        try (Broker broker = open(context("4.3").setting("partitions", "1"))) {
            TestQueue queue = declared(broker);
            plainly(broker, channel -> channel.queueDelete(queue.name() + ".0"));
            List<Sent> batch = List.of(keyed(1));
            queue.send(batch);
            assertThat(batch.get(0).reason).isEqualTo(Reason.UNROUTABLE);
            assertThat(batch.get(0).detail).contains(queue.name() + ".partitions");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void whatIsNotSettledComesToTheNextInOrder(String version) {
        try (Broker broker = open(context(version))) {
            TestQueue queue = declared(broker);
            send(queue, 200);
            Receiver first = queue.receiver(1000);
            List<Inbound> held = TestQueue.receive(first, 200);
            Receiver second = queue.receiver(1000);
            // Every other key is done, and some of the rest was not tried.
            TestQueue.accept(
                    first,
                    held.stream()
                            .filter(message ->
                                    Integer.parseInt(message.envelope().id()) % 2 == 0)
                            .toList());
            first.stop();
            TestQueue.settle(first, held.get(0), Disposition.RELEASE);
            assertThat(TestQueue.whatComesWithin(second, Duration.ofMillis(300)))
                    .isEmpty();
            first.close();
            assertInOrder(TestQueue.receive(second, 100));
            second.close();
        }
    }

    /** 4.3.6 would leave a partition to a consumer that is gone, if others were preferred to it. */
    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void noPartitionIsLeftToAReceiverThatIsGone(String version) {
        try (Broker broker = open(context(version))) {
            TestQueue queue = declared(broker);
            send(queue, 200);
            for (int round = 0; round < 3; round++) {
                Receiver first = queue.receiver(1000);
                await().atMost(TestQueue.PATIENCE).until(first::ready);
                Receiver second = queue.receiver(1000);
                Receiver third = queue.receiver(1000);
                first.close();
                second.close();
                third.close();
            }
            Receiver last = queue.receiver(1000);
            assertInOrder(TestQueue.receive(last, 200));
            last.close();
        }
    }

    /** What each of several receivers gets, while it settles all that comes and gives up what it is told is lost. */
    private static final class Share implements AutoCloseable {
        private final Set<String> keys = ConcurrentHashMap.newKeySet();
        private final Receiver receiver;
        private final Thread thread;
        private volatile boolean over;

        Share(TestQueue queue) {
            receiver = queue.receiver(1000);
            thread = new Thread(this::work, "share");
            thread.start();
        }

        private void work() {
            try {
                while (!over) {
                    List<Inbound> received = receiver.receive(10, Duration.ofMillis(100));
                    for (Inbound message : received) {
                        keys.add(String.valueOf(message.envelope().key()));
                        TestQueue.settle(receiver, message, message.lost() ? Disposition.RELEASE : Disposition.ACCEPT);
                    }
                }
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            over = true;
            try {
                thread.join();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
            receiver.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.3", "4.0"})
    void receiversShareThePartitionsAlsoWithOneThatComesLater(String version) throws Exception {
        try (Broker broker = open(context(version))) {
            TestQueue queue = declared(broker);
            try (Share first = new Share(queue)) {
                sendOfManyKeys(queue);
                await().atMost(TestQueue.PATIENCE)
                        .untilAsserted(() -> assertThat(first.keys).hasSize(MANY));
                try (Share second = new Share(queue);
                        Share third = new Share(queue)) {
                    await().atMost(TestQueue.PATIENCE).untilAsserted(() -> {
                        second.keys.clear();
                        third.keys.clear();
                        sendOfManyKeys(queue);
                        assertThat(second.keys).isNotEmpty();
                        assertThat(third.keys).isNotEmpty();
                    });
                }
            }
        }
    }

    @Test
    void aServerWithoutThePluginSaysHowToGetIt() {
        try (RabbitMqServer server = TestServers.rabbitmq("4.3", ServerOptions.usual())) {
            server.rabbitmqctl("eval", "rabbit_registry:unregister(exchange, <<\"x-consistent-hash\">>).");
            try (Broker broker = open(new TestContext(server.uri()).setting("partitioner", "exchange"))) {
                assertThatThrownBy(() -> declared(broker))
                        .isInstanceOf(CapabilityException.class)
                        .hasMessageContaining("rabbitmq-plugins enable rabbitmq_consistent_hash_exchange");
            }
            try (Broker broker = open(new TestContext(server.uri()))) {
                declared(broker);
            }
        }
    }
}
