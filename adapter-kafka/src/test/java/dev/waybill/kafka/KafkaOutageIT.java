package dev.waybill.kafka;

import static dev.waybill.kafka.TestQueue.accept;
import static dev.waybill.kafka.TestQueue.receiveOne;
import static dev.waybill.kafka.TestQueue.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Health;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The broker dies and comes back: nothing that was reported stored is lost, and nothing is reported that is not so. */
class KafkaOutageIT {
    private TestServer server;
    private Broker broker;

    @BeforeEach
    void start() {
        server = TestServers.start("kafka");
        broker = new KafkaBrokerProvider().open(new TestContext(server.uri()).sendTimeout(Duration.ofSeconds(3)));
    }

    @AfterEach
    void stop() {
        broker.close();
        server.close();
    }

    @Test
    void sends_in_flight_are_reported_truthfully_and_receiving_goes_on() throws Exception {
        TestQueue queue = TestQueue.declared(broker, "outage", 5, Duration.ofSeconds(5));
        List<Sent> sent = new ArrayList<>();
        AtomicBoolean enough = new AtomicBoolean();
        Thread producer = new Thread(() -> {
            try (Sender sender = queue.sender()) {
                for (int i = 0; !enough.get() && sender.usable(); i++) {
                    Sent message = Sent.text("m" + i);
                    synchronized (sent) {
                        sent.add(message);
                    }
                    sender.send(List.of(message));
                    LockSupport.parkNanos(500_000);
                }
            }
        });
        producer.start();
        await().until(() -> countStored(sent) > 200);
        server.kill();
        await().atMost(Duration.ofSeconds(30)).until(() -> countFailed(sent) > 0);
        assertThat(broker.health()).anyMatch(component -> component.status() != Health.Status.UP);
        server.start();
        int before = countStored(sent);
        await().atMost(Duration.ofSeconds(60)).until(() -> countStored(sent) > before + 200);
        enough.set(true);
        producer.join(30_000);
        assertThat(sent).allMatch(message -> message.reports.get() == 1);

        Set<String> certainlyThere = new HashSet<>();
        Set<String> certainlyNot = new HashSet<>();
        for (Sent message : sent) {
            if (message.stored) {
                certainlyThere.add(message.envelope.id());
            } else if (!message.maybeStored) {
                certainlyNot.add(message.envelope.id());
            }
        }
        Set<String> received = new HashSet<>();
        try (Receiver receiver = queue.receiver(500)) {
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                List<Inbound> some = receiver.receive(500, Duration.ofMillis(200));
                some.forEach(message -> received.add(message.envelope().id()));
                accept(receiver, some);
                return received.containsAll(certainlyThere) && some.isEmpty();
            });
        }
        assertThat(received).doesNotContainAnyElementsOf(certainlyNot);
    }

    @Test
    void a_receiver_outlives_its_broker_and_what_it_held_comes_again() {
        TestQueue queue = TestQueue.declared(broker, "survivor", 5, Duration.ofSeconds(5));
        queue.send(0, 2);
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> held = TestQueue.receive(receiver, 2);
            accept(receiver, held.subList(0, 1));
            server.kill();
            server.start();
            Holding late = settle(receiver, held.get(1), Disposition.ACCEPT);
            await().atMost(Duration.ofSeconds(60)).until(() -> late.settled.get() + late.lost.get() == 1);
            queue.send(2, 3);
            Inbound next = receiveOne(receiver);
            if (late.lost.get() == 1) {
                assertThat(next.envelope().id()).isEqualTo("m1");
                accept(receiver, List.of(next));
                next = receiveOne(receiver);
            }
            assertThat(next.envelope().id()).isEqualTo("m2");
            accept(receiver, List.of(next));
        }
    }

    @Test
    void what_was_held_when_the_broker_died_comes_again_as_redelivered_and_what_is_new_does_not() {
        TestQueue queue = TestQueue.declared(broker, "flagged", 5, Duration.ofSeconds(30));
        queue.send(0, 2);
        try (Receiver before = queue.receiver(10)) {
            assertThat(TestQueue.receive(before, 2)).noneMatch(Inbound::redelivered);
            server.kill();
            server.start();
        }
        queue.send(2, 3);
        try (Receiver after = queue.receiver(10)) {
            List<Inbound> received = TestQueue.receive(after, 3);
            assertThat(received).extracting(m -> m.envelope().id()).containsExactlyInAnyOrder("m0", "m1", "m2");
            assertThat(received)
                    .allSatisfy(message -> assertThat(message.redelivered())
                            .as("%s", message.envelope())
                            .isEqualTo(!message.envelope().id().equals("m2")));
            accept(after, received);
        }
    }

    private static int countStored(List<Sent> sent) {
        synchronized (sent) {
            return (int) sent.stream().filter(message -> message.stored).count();
        }
    }

    private static int countFailed(List<Sent> sent) {
        synchronized (sent) {
            return (int) sent.stream().filter(message -> message.reason != null).count();
        }
    }
}
