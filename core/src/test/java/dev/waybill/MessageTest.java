package dev.waybill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MessageTest {

    @Test
    void idsAreUniqueAndUuids() {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            ids.add(Message.of("x").id());
        }
        assertThat(ids)
                .hasSize(10_000)
                .allMatch(id -> java.util.UUID.fromString(id).version() == 7);
    }

    @Test
    void aBuiltMessageDoesNotChangeWithItsBuilder() {
        Message.Builder<String> builder = Message.with("x").header("a", "1");
        Message<String> message = builder.build();
        builder.header("b", "2");
        assertThat(message.headers()).containsOnlyKeys("a");
    }

    @Test
    void aHeaderNameOfWaybillsOwnIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Message.with("x").header("waybill-x", "1"))
                .withMessageContaining("'waybill-x'");
    }

    @Test
    void queueNamesAreThoseThatEveryBrokerTakes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Queue.ofText("orders.eu"))
                .withMessageContaining("'orders.eu'");
        assertThat(Queue.ofText("orders_EU-2").name()).isEqualTo("orders_EU-2");
    }

    @Test
    void aQueueChecksItsNumbersWhereTheyAreSet() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Queue.named("q", Codec.text()).maxDeliveries(1))
                .withMessageContaining("maxDeliveries of queue 'q' is 1 but must be 2 to 10");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Queue.named("q", Codec.text()).lockDuration(java.time.Duration.ofMillis(5)))
                .withMessageContaining("lockDuration of queue 'q' is PT0.005S");
    }
}
