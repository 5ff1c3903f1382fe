package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Health;
import dev.waybill.RetryPolicy;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The broker dies and comes back while messages wait. */
class KafkaDelayOutageIT {
    private static final RetryPolicy RETRY = RetryPolicy.fixed(Duration.ofSeconds(10));

    private TestServer server;
    private Broker broker;

    @BeforeEach
    void start() {
        server = TestServers.start("kafka");
        broker = new KafkaBrokerProvider().open(new TestContext(server.uri()));
    }

    @AfterEach
    void stop() {
        broker.close();
        server.close();
    }

    @Test
    void what_waits_survives_an_outage_and_comes_as_new() {
        TestQueue queue = TestQueue.delaying(broker, "waits", RETRY);
        List<Sent> sent = sent(2000, 8000);
        try (Receiver receiver = queue.receiver(500);
                Arrivals arrivals = new Arrivals(receiver)) {
            queue.send(sent);
            assertThat(sent).allMatch(one -> one.stored);
            server.kill();
            await().atMost(TestQueue.PATIENCE).until(() -> health() != Health.Status.UP);
            server.start();
            arrivals.await(sent.size(), Duration.ofSeconds(60));
            arrivals.assertEachOnce(sent);
            arrivals.assertUnflagged();
            arrivals.assertNoneEarly(sent);
            await().atMost(TestQueue.PATIENCE).until(() -> health() == Health.Status.UP);
        }
    }

    private Health.Status health() {
        return new Health(broker.health()).status();
    }

    /** What was in the queue before the end may come again, flagged; nothing is moved twice. */
    @Test
    void an_outage_in_the_middle_of_moving_loses_nothing_and_repeats_nothing_unflagged() throws Exception {
        TestQueue queue = TestQueue.delaying(broker, "moves", RETRY);
        List<Sent> sent = sent(10_000, 300);
        try (Receiver receiver = queue.receiver(500);
                Arrivals arrivals = new Arrivals(receiver)) {
            queue.send(sent);
            assertThat(sent).allMatch(one -> one.stored);
            arrivals.await(1500, TestQueue.PATIENCE);
            Set<String> movers = movers(queue);
            server.kill();
            server.start();
            Set<String> all = new HashSet<>(ids(sent));
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                arrivals.assertReceiving();
                Set<String> missing = new HashSet<>(all);
                missing.removeAll(arrivals.ids());
                assertThat(missing)
                        .as("messages that did not come; %s", broker.health())
                        .isEmpty();
            });
            assertThat(arrivals.ids()).isSubsetOf(all);
            assertThat(arrivals.unflagged()).doesNotHaveDuplicates();
            assertThat(arrivals.offsets())
                    .as("records of one message")
                    .allSatisfy((id, offsets) -> assertThat(offsets).hasSize(1));
            arrivals.assertNoneEarly(sent);
            // Another would have to wait until the broker takes the first for dead, by default 45 s.
            assertThat(movers(queue)).as("members of the group that moves").isEqualTo(movers);
        }
    }

    private Set<String> movers(TestQueue queue) throws Exception {
        Admin admin = broker.unwrap(Admin.class).orElseThrow();
        String group = "waybill-" + queue.definition.name() + ".delay";
        return admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).get().members().stream()
                .map(MemberDescription::consumerId)
                .collect(Collectors.toSet());
    }

    private static List<Sent> sent(int count, long atLeast) {
        return IntStream.range(0, count)
                .mapToObj(i -> Sent.delayed("m" + i, atLeast + i * 37 % 2000))
                .toList();
    }

    private static Collection<String> ids(List<Sent> sent) {
        return sent.stream().map(one -> one.envelope.id()).toList();
    }
}
