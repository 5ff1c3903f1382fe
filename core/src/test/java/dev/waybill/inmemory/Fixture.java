package dev.waybill.inmemory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import dev.waybill.spi.TimeSource;
import dev.waybill.spi.TlsSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/** A broker with one declared queue, on a clock that the test moves. */
final class Fixture implements AutoCloseable {
    static final QueueDefinition QUEUE = new QueueDefinition("orders", 3, Duration.ofSeconds(30), RetryPolicy.DEFAULT);
    static final Destination MAIN = new Destination(QUEUE, Destination.Role.MAIN);
    static final Destination DEAD = new Destination(QUEUE, Destination.Role.DEAD_LETTER);

    final SettableTime time = new SettableTime();
    final List<String> flow = new ArrayList<>();
    final Broker broker;
    final InMemoryInspection inspection;
    final Sender sender;

    Fixture() {
        this("in-memory:");
    }

    Fixture(String uri) {
        broker = open(uri, time);
        inspection = broker.unwrap(InMemoryInspection.class).orElseThrow();
        broker.declare(QUEUE, TopologyMode.DECLARE);
        sender = newSender();
    }

    static Broker open(String uri, TimeSource time) {
        return new InMemoryBrokerProvider().open(new Context(Optional.of(uri), Map.of(), time));
    }

    Sender newSender() {
        return broker.sender(MAIN, new SenderListener() {
            @Override
            public void blocked(String reason) {
                flow.add("blocked: " + reason);
            }

            @Override
            public void unblocked() {
                flow.add("unblocked");
            }
        });
    }

    Receiver receiver() {
        return receiver(MAIN, 100);
    }

    Receiver receiver(Destination from, int prefetch) {
        return broker.receiver(from, new ReceiverOptions(prefetch));
    }

    /** Sends them in batches as large as the broker takes, each its own id, and waits until they are stored. */
    void send(String... texts) {
        List<Sent> messages = Stream.of(texts).map(Sent::new).toList();
        int size = broker.limits().maxSendBatch();
        for (int from = 0; from < texts.length; from += size) {
            List<Sent> batch = messages.subList(from, Math.min(texts.length, from + size));
            sender.send(batch);
            batch.forEach(message -> assertThat(message.report.join()).isEqualTo("stored"));
        }
    }

    /** What is there now. */
    static List<Inbound> receive(Receiver receiver, int max) {
        try {
            return receiver.receive(max, Duration.ZERO);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    static Inbound receiveOne(Receiver receiver) {
        List<Inbound> received = receive(receiver, 1);
        assertThat(received).hasSize(1);
        return received.get(0);
    }

    static List<String> ids(List<Inbound> received) {
        return received.stream().map(inbound -> inbound.envelope().id()).toList();
    }

    /** Settles it and returns what was reported. */
    static Taken settle(Receiver receiver, Inbound inbound, Disposition disposition) {
        Taken taken = new Taken(inbound, disposition);
        receiver.settle(List.<Held>of(taken));
        return taken;
    }

    @Override
    public void close() {
        broker.close();
    }

    record Context(Optional<String> uri, Map<String, String> nativeSettings, TimeSource time) implements BrokerContext {
        @Override
        public Optional<String> username() {
            return Optional.empty();
        }

        @Override
        public Optional<String> password() {
            return Optional.empty();
        }

        @Override
        public Optional<TlsSettings> tls() {
            return Optional.empty();
        }

        @Override
        public Optional<String> setting(String key) {
            return Optional.empty();
        }

        @Override
        public String clientName() {
            return "test";
        }

        @Override
        public Duration connectTimeout() {
            return Duration.ofSeconds(1);
        }

        @Override
        public Duration sendTimeout() {
            return Duration.ofSeconds(1);
        }

        @Override
        public Executor blocking() {
            return Runnable::run;
        }
    }
}
