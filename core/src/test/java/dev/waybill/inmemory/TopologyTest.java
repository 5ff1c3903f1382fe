package dev.waybill.inmemory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.waybill.RetryPolicy;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TopologyTest {
    private static final QueueDefinition UNDECLARED =
            new QueueDefinition("nowhere", 3, Duration.ofSeconds(30), RetryPolicy.DEFAULT);

    private final Fixture fixture = new Fixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void declaringAgainChangesNothing() {
        fixture.send("a");
        fixture.broker.declare(Fixture.QUEUE, TopologyMode.DECLARE);
        fixture.broker.declare(Fixture.QUEUE, TopologyMode.VERIFY);
        assertThat(fixture.inspection.depth("orders")).isEqualTo(1);
    }

    @Test
    void everyDifferenceIsReported() {
        var other = new QueueDefinition("orders", 7, Duration.ofSeconds(10), RetryPolicy.DEFAULT);
        for (TopologyMode mode : List.of(TopologyMode.DECLARE, TopologyMode.VERIFY)) {
            assertThatThrownBy(() -> fixture.broker.declare(other, mode))
                    .asInstanceOf(type(TopologyException.class))
                    .extracting(TopologyException::differences)
                    .isEqualTo(List.of(
                            new Difference("maxDeliveries", "7", "3"),
                            new Difference("lockDuration", "PT10S", "PT30S")));
        }
    }

    @Test
    void verifyingWhatIsMissingCreatesNothing() {
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> fixture.broker.declare(UNDECLARED, TopologyMode.VERIFY))
                    .isInstanceOf(TopologyException.class)
                    .hasMessageContaining("nowhere")
                    .hasMessageContaining("none");
        }
    }

    @Test
    void sendingToAnUndeclaredQueueIsUnroutableUntilItIsDeclared() {
        Sender sender = fixture.broker.sender(main(UNDECLARED), new NoFlow());
        Sent first = new Sent("a");
        sender.send(List.of(first));
        assertThat(first.report).isCompletedWithValue("UNROUTABLE, not stored");
        assertThat(sender.usable()).isTrue();

        fixture.broker.declare(UNDECLARED, TopologyMode.DECLARE);
        Sent second = new Sent("b");
        sender.send(List.of(second));
        assertThat(second.report).isCompletedWithValue("stored");
    }

    @Test
    void receivingFromAnUndeclaredQueueSaysThatItIsMissing() {
        assertThatThrownBy(() -> fixture.broker.receiver(main(UNDECLARED), new ReceiverOptions(1)))
                .asInstanceOf(type(BrokerException.class))
                .extracting(BrokerException::kind)
                .isEqualTo(BrokerException.Kind.MISSING);
    }

    @Test
    void inspectingAnUndeclaredQueueIsAnError() {
        assertThatThrownBy(() -> fixture.inspection.depth("nowhere"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nowhere");
    }

    private static Destination main(QueueDefinition queue) {
        return new Destination(queue, Destination.Role.MAIN);
    }

    private static final class NoFlow implements SenderListener {
        @Override
        public void blocked(String reason) {
            throw new AssertionError(reason);
        }

        @Override
        public void unblocked() {
            throw new AssertionError();
        }
    }
}
