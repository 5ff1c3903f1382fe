package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.RetryPolicy;
import dev.waybill.SendException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.QueueDefinition;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FifoIdsTest {
    private static final QueueDefinition QUEUE =
            new QueueDefinition("orders", 3, Duration.ofSeconds(30), RetryPolicy.DEFAULT);
    private static final FifoIds MAIN = of(Role.MAIN);
    private static final FifoIds DEAD = of(Role.DEAD_LETTER);

    private static FifoIds of(Role role) {
        return Objects.requireNonNull(FifoIds.of(new Destination(QUEUE.orderedByKey(), role)));
    }

    private static Envelope envelope(String id, @Nullable String key) {
        return new Envelope(id, key, null, 0, Map.of(), new byte[0]);
    }

    private record Sent(Envelope envelope, boolean moved) implements Outbound {
        @Override
        public void stored() {}

        @Override
        public void failed(
                SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {}
    }

    @Test
    void a_queue_that_is_not_ordered_has_none() {
        assertThat(FifoIds.of(new Destination(QUEUE, Role.MAIN))).isNull();
    }

    @Test
    void the_group_is_the_key() {
        assertThat(MAIN.group(envelope("id", "order:4711/eu"))).isEqualTo("order:4711/eu");
        assertThat(MAIN.group(envelope("id", null))).isEqualTo("id");
    }

    @Test
    void a_dead_letter_is_a_group_of_its_own() {
        assertThat(DEAD.group(envelope("id", "key"))).isEqualTo("id");
    }

    @Test
    void what_sqs_does_not_take_is_hashed_and_different_keys_stay_different() {
        String umlaut = MAIN.group(envelope("id", "\u00fcber"));
        String blank = MAIN.group(envelope("id", "a b"));
        String longest = MAIN.group(envelope("id", "x".repeat(128)));
        assertThat(umlaut).matches("[0-9a-f]{64}");
        assertThat(blank).matches("[0-9a-f]{64}").isNotEqualTo(umlaut);
        assertThat(longest).isEqualTo("x".repeat(128));
        assertThat(MAIN.group(envelope("id", "x".repeat(129)))).matches("[0-9a-f]{64}");
    }

    @Test
    void a_second_send_of_an_id_is_a_repetition_unless_it_is_sent_on() {
        Envelope envelope = envelope("id", "key");
        assertThat(MAIN.deduplication(new Sent(envelope, false)))
                .isEqualTo(MAIN.deduplication(new Sent(envelope, false)));
        assertThat(MAIN.deduplication(new Sent(envelope, true)))
                .isNotEqualTo(MAIN.deduplication(new Sent(envelope, true)));
    }
}
