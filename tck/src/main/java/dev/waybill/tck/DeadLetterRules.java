package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.DeadLetterHeaders;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Rules of the dead-letter queue, in its plainest form. */
abstract class DeadLetterRules extends Chapter {

    private List<Delivery<byte[]>> deadLetters(Queue<?> queue) {
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        return dead;
    }

    @Test
    void d1_1_afterTheMaximumOfDeliveriesAMessageIsInTheDeadLetterQueue() {
        Queue<String> queue = newQueue().maxDeliveries(3).build();
        AtomicInteger deliveries = new AtomicInteger();
        waybill.consumer(queue).start(delivery -> {
            deliveries.incrementAndGet();
            throw new IllegalStateException("never");
        });
        Message<String> message =
                Message.with("poison").key("k-1").header("tenant", "acme").build();
        waybill.producer(queue).send(message).join();
        List<Delivery<byte[]>> dead = deadLetters(queue);
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        stays("once, after three deliveries", () -> {
            assertThat(dead).hasSize(1);
            assertThat(deliveries).hasValue(3);
        });
        Delivery<byte[]> letter = dead.get(0);
        assertThat(new String(letter.payload(), StandardCharsets.UTF_8)).isEqualTo("poison");
        assertThat(letter.id()).isEqualTo(message.id());
        assertThat(letter.key()).contains("k-1");
        assertThat(letter.headers())
                .containsEntry("tenant", "acme")
                .containsEntry(DeadLetterHeaders.QUEUE, queue.name())
                .containsEntry(DeadLetterHeaders.DELIVERIES, "3")
                .containsEntry(DeadLetterHeaders.EXCEPTION, IllegalStateException.class.getName());
        assertThat(letter.headers().get(DeadLetterHeaders.REASON)).contains("never");
    }

    @Test
    void d1_2_aHandlerCanDeadLetterAMessageAtOnce() {
        Queue<String> queue = newQueue().build();
        AtomicInteger deliveries = new AtomicInteger();
        waybill.consumer(queue).startReturning(delivery -> {
            deliveries.incrementAndGet();
            return Outcome.deadLetter("no such customer");
        });
        waybill.producer(queue).send("m").join();
        List<Delivery<byte[]>> dead = deadLetters(queue);
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        assertThat(dead.get(0).headers())
                .containsEntry(DeadLetterHeaders.REASON, "no such customer")
                .containsEntry(DeadLetterHeaders.DELIVERIES, "1")
                .doesNotContainKey(DeadLetterHeaders.EXCEPTION);
        assertThat(deliveries).hasValue(1);
    }

    /** What the consumer below expects. */
    record Order(int amount) {}

    @Test
    void d1_3_aMessageThatCannotBeDecodedGoesToTheDeadLetterQueueWithItsBytes() {
        Queue<byte[]> raw = Queue.named(newName(), Codec.bytes()).build();
        Queue<Order> orders = Queue.named(raw.name(), Codec.json(Order.class)).build();
        Producer<byte[]> producer = waybill.producer(raw);
        byte[] broken = {'{', 0, (byte) 0xff, (byte) 0xfe, '"'};
        producer.send(broken).join();
        producer.send("{\"amount\":7}".getBytes(StandardCharsets.UTF_8)).join();
        List<Order> handled = new CopyOnWriteArrayList<>();
        waybill.consumer(orders).start(delivery -> handled.add(delivery.payload()));
        List<Delivery<byte[]>> dead = deadLetters(orders);
        await().untilAsserted(() -> assertThat(handled).containsExactly(new Order(7)));
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        assertThat(dead.get(0).payload()).isEqualTo(broken);
        assertThat(dead.get(0).headers().get(DeadLetterHeaders.REASON)).contains("application/json");
    }

    @Test
    void d1_4_aDeadLetteredMessageIsNoLongerInItsQueue() {
        Queue<String> queue = newQueue().lockDuration(harness().shortLock()).build();
        AtomicInteger deliveries = new AtomicInteger();
        var first = waybill.consumer(queue).startReturning(delivery -> {
            deliveries.incrementAndGet();
            return Outcome.deadLetter("away with it");
        });
        send(waybill.producer(queue), 10, i -> "m" + i, new Ledger());
        List<Delivery<byte[]>> dead = deadLetters(queue);
        await().untilAsserted(() -> assertThat(dead).hasSize(10));
        first.close();
        AtomicInteger again = new AtomicInteger();
        another().consumer(queue).start(delivery -> again.incrementAndGet());
        stays("nothing is left", () -> assertThat(again).hasValue(0));
        assertThat(deliveries).hasValue(10);
        assertThat(dead).hasSize(10);
    }
}
