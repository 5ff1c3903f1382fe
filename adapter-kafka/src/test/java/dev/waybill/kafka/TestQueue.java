package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/** A declared queue, and short ways to send to it and to receive from it. */
final class TestQueue {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final SenderListener NOBODY = new SenderListener() {
        @Override
        public void blocked(String reason) {}

        @Override
        public void unblocked() {}
    };

    final Broker broker;
    final QueueDefinition definition;

    private TestQueue(Broker broker, QueueDefinition definition) {
        this.broker = broker;
        this.definition = definition;
    }

    static TestQueue declared(Broker broker, String what, int maxDeliveries, Duration lock) {
        TestQueue queue = undeclared(broker, what, maxDeliveries, lock);
        broker.declare(queue.definition, TopologyMode.DECLARE);
        return queue;
    }

    static TestQueue undeclared(Broker broker, String what, int maxDeliveries, Duration lock) {
        return new TestQueue(
                broker, new QueueDefinition(Cluster.fresh(what), maxDeliveries, lock, RetryPolicy.immediate()));
    }

    /** A queue whose retries wait. */
    static TestQueue delaying(Broker broker, String what, RetryPolicy retry) {
        QueueDefinition definition = new QueueDefinition(Cluster.fresh(what), 5, Duration.ofSeconds(20), retry);
        broker.declare(definition, TopologyMode.DECLARE);
        return new TestQueue(broker, definition);
    }

    /** The same queue as another process sees it. */
    TestQueue through(Broker other) {
        return new TestQueue(other, definition);
    }

    Destination main() {
        return new Destination(definition, Role.MAIN);
    }

    Destination deadLetters() {
        return new Destination(definition, Role.DEAD_LETTER);
    }

    Sender sender() {
        return broker.sender(main(), NOBODY);
    }

    Sender deadLetterSender() {
        return broker.sender(deadLetters(), NOBODY);
    }

    Receiver receiver(int prefetch) {
        return broker.receiver(main(), new ReceiverOptions(prefetch));
    }

    Receiver deadLetterReceiver() {
        return broker.receiver(deadLetters(), new ReceiverOptions(10));
    }

    List<Sent> send(int from, int to) {
        List<Sent> batch =
                IntStream.range(from, to).mapToObj(i -> Sent.text("m" + i)).toList();
        send(batch);
        assertThat(batch).allMatch(sent -> sent.stored);
        return batch;
    }

    void send(List<Sent> batch) {
        try (Sender sender = sender()) {
            batch.forEach(sent -> sent.handedOver = System.nanoTime());
            sender.send(batch);
            await().atMost(PATIENCE).until(() -> batch.stream().allMatch(Sent::reported));
        }
    }

    static List<Inbound> receive(Receiver receiver, int count) {
        List<Inbound> received = new ArrayList<>();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> {
            received.addAll(receiver.receive(count - received.size(), Duration.ofMillis(200)));
            return received.size() == count;
        });
        return received;
    }

    static Inbound receiveOne(Receiver receiver) {
        return receive(receiver, 1).get(0);
    }

    static Holding settle(Receiver receiver, Inbound message, Disposition disposition) {
        Holding holding = new Holding(message, disposition);
        receiver.settle(List.of(holding));
        return holding;
    }

    static void accept(Receiver receiver, List<Inbound> messages) {
        List<Holding> holdings =
                messages.stream().map(m -> new Holding(m, Disposition.ACCEPT)).toList();
        receiver.settle(holdings);
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(1))
                .untilAsserted(() -> assertThat(holdings).allMatch(h -> h.settled.get() == 1));
    }

    static void awaitSettled(Holding holding) {
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(holding.settled).as("%s", holding).hasValue(1);
            assertThat(holding.lost).as("%s", holding).hasValue(0);
        });
    }

    static void awaitLost(Holding holding) {
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(holding.lost).as("%s", holding).hasValue(1);
            assertThat(holding.settled).as("%s", holding).hasValue(0);
        });
    }

    /** Receives for a while, and says what came. */
    static List<Inbound> whatComesWithin(Receiver receiver, Duration time) {
        List<Inbound> received = new ArrayList<>();
        long until = System.nanoTime() + time.toNanos();
        AtomicReference<InterruptedException> interrupted = new AtomicReference<>();
        while (System.nanoTime() < until && interrupted.get() == null) {
            try {
                received.addAll(receiver.receive(10, Duration.ofMillis(100)));
            } catch (InterruptedException e) {
                interrupted.set(e);
            }
        }
        return received;
    }
}
