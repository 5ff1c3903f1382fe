package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/** A declared queue, and short ways to send to it and to receive from it. */
final class TestQueue {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final AtomicLong NUMBER = new AtomicLong(System.currentTimeMillis());
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

    static TestQueue declared(Broker broker, int maxDeliveries) {
        return declared(broker, maxDeliveries, RetryPolicy.DEFAULT);
    }

    static TestQueue declared(Broker broker, int maxDeliveries, RetryPolicy retry) {
        TestQueue queue = undeclared(broker, maxDeliveries, retry);
        broker.declare(queue.definition, TopologyMode.DECLARE);
        return queue;
    }

    static TestQueue undeclared(Broker broker, int maxDeliveries) {
        return undeclared(broker, maxDeliveries, RetryPolicy.DEFAULT);
    }

    static TestQueue undeclared(Broker broker, int maxDeliveries, RetryPolicy retry) {
        String name = "it-" + Long.toString(NUMBER.incrementAndGet(), 36);
        return new TestQueue(broker, new QueueDefinition(name, maxDeliveries, Duration.ofSeconds(30), retry));
    }

    /** The same queue, as another declares it. */
    TestQueue with(Broker other, RetryPolicy retry) {
        return new TestQueue(
                other, new QueueDefinition(name(), definition.maxDeliveries(), definition.lockDuration(), retry));
    }

    TestQueue orderedByKey() {
        return new TestQueue(broker, definition.orderedByKey());
    }

    String name() {
        return definition.name();
    }

    String deadLetterName() {
        return name() + ".dlq";
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
        send(batch, sender());
    }

    /** As core does. */
    void sendDead(List<Sent> batch) {
        send(batch, broker.sender(deadLetters(), NOBODY));
    }

    private static void send(List<Sent> batch, Sender opened) {
        try (Sender sender = opened) {
            sender.send(batch);
            await().atMost(PATIENCE).until(() -> batch.stream().allMatch(Sent::reported));
        }
    }

    /** A letter without what it tells of its death. */
    static Envelope alive(Envelope letter) {
        Map<String, String> headers = new HashMap<>(letter.headers());
        headers.keySet().removeIf(name -> name.startsWith("waybill-death-"));
        return new Envelope(
                letter.id(), letter.key(), letter.contentType(), letter.sentAtMillis(), headers, letter.body());
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
