package dev.waybill.rabbitmq;

import static dev.waybill.rabbitmq.TestQueue.receive;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How long the server lets a consumer hold a message. */
class ConsumerTimeoutIT {
    @RegisterExtension
    static final SharedServer SERVER = new SharedServer("4.3");

    @Test
    void endsNoReceiverWhoseMessagesMayStarve() {
        try (Broker broker =
                new RabbitMqBrokerProvider().open(new TestContext(SERVER.get().uri()))) {
            TestQueue queue = TestQueue.undeclared(broker, 5);
            String policy = "timeout-" + queue.name();
            SERVER.get()
                    .rabbitmqctl(
                            "set_policy",
                            "--apply-to",
                            "queues",
                            policy,
                            "^" + queue.name() + "$",
                            "{\"consumer-timeout\":2000}");
            broker.declare(queue.definition, TopologyMode.DECLARE);
            queue.send(0, 2);
            try (Receiver starving = broker.receiver(queue.main(), new ReceiverOptions(1, () -> {}, true));
                    Receiver other = queue.receiver(1)) {
                List<Inbound> held = receive(starving, 1);
                List<Inbound> heldByOther = receive(other, 1);
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> heldByOther.get(0).lost());
                assertThat(held.get(0).lost()).isFalse();
                TestQueue.accept(starving, held);
            } finally {
                SERVER.get().rabbitmqctl("clear_policy", policy);
            }
        }
    }
}
