package dev.waybill.tck;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.WaybillObserver;
import dev.waybill.idempotency.Claim;
import dev.waybill.idempotency.IdempotencyStore;
import dev.waybill.idempotency.IdempotencyStoreException;
import dev.waybill.idempotency.InMemoryIdempotencyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Rules of consumers that handle a message once, however often it comes. */
abstract class IdempotencyRules extends Chapter {
    private final IdempotencyStore store = new InMemoryIdempotencyStore(10_000, ofMinutes(10));

    /** Counts what was not handled since it was done. */
    private static final class Duplicates implements WaybillObserver {
        final AtomicInteger count = new AtomicInteger();

        @Override
        public void duplicate(String queue) {
            count.incrementAndGet();
        }
    }

    @Test
    void q7_1_aMessageThatComesTwiceIsHandledOnce() {
        Queue<String> queue = newQueue().build();
        Map<String, Integer> handled = new ConcurrentHashMap<>();
        Duplicates duplicates = new Duplicates();
        for (int i = 0; i < 2; i++) {
            another(harness().config().observer(duplicates))
                    .consumer(queue)
                    .concurrency(4)
                    .idempotent(store)
                    .start(delivery -> handled.merge(delivery.id(), 1, Integer::sum));
        }
        Producer<String> producer = waybill.producer(queue);
        // As a producer sends again what it was told may not have been stored.
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 50; i++) {
                producer.send(Message.with("m" + i).id("id-" + i).build()).join();
            }
            int expected = round * 50;
            await().untilAsserted(() -> assertThat(handled).hasSize(50));
            await().untilAsserted(() -> assertThat(duplicates.count).hasValueGreaterThanOrEqualTo(expected));
        }
        stays("each once", () -> assertThat(handled.values()).containsOnly(1));
    }

    @Test
    void q7_2_aMessageWhoseHandlerFailedIsFreeForItsNextDelivery() {
        Queue<String> queue = newQueue().retry(RetryPolicy.immediate()).build();
        List<Integer> counts = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).idempotent(store).start(delivery -> {
            counts.add(delivery.deliveryCount());
            if (counts.size() < 3) {
                throw new IllegalStateException("not yet");
            }
        });
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(counts).containsExactly(1, 2, 3));
        stays("it is done then", () -> assertThat(counts).hasSize(3));
    }

    @Test
    void q7_3_aMessageThatAnotherConsumerHasWaitsWithoutCountingAndIsNotHandledTwice() throws Exception {
        Queue<String> queue = newQueue().maxDeliveries(2).build();
        CountDownLatch finish = new CountDownLatch(1);
        AtomicInteger handled = new AtomicInteger();
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        for (int i = 0; i < 2; i++) {
            another().consumer(queue).concurrency(2).idempotent(store).start(delivery -> {
                handled.incrementAndGet();
                finish.await();
            });
        }
        Producer<String> producer = waybill.producer(queue);
        for (int i = 0; i < 5; i++) {
            producer.send(Message.with("m").id("the-same").build()).join();
        }
        await().untilAsserted(() -> assertThat(handled).hasValue(1));
        stays("one is at work", () -> assertThat(handled).hasValue(1));
        finish.countDown();
        stays("once in all, and none is dead", () -> {
            assertThat(handled).hasValue(1);
            assertThat(dead).isEmpty();
        });
    }

    @Test
    void q7_4_aStoreThatIsDownStopsTheHandlersAndBurnsNoDelivery() {
        Queue<String> queue = newQueue().maxDeliveries(2).build();
        AtomicBoolean down = new AtomicBoolean(true);
        Ledger handled = new Ledger();
        List<Integer> counts = new CopyOnWriteArrayList<>();
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        Subscription subscription = waybill.consumer(queue)
                .concurrency(2)
                .idempotent(new Failing(store, down))
                .start(delivery -> {
                    counts.add(delivery.deliveryCount());
                    handled.seen(delivery);
                });
        send(waybill.producer(queue), 20, i -> "m" + i, handled);
        stays("nothing is handled", () -> assertThat(handled.distinct()).isZero());
        down.set(false);
        awaitAllSeen(handled);
        assertThat(subscription.close(ofSeconds(10))).as("drained").isTrue();
        assertThat(counts).hasSize(20).containsOnly(1);
        assertThat(dead).isEmpty();
    }

    private record Failing(IdempotencyStore working, AtomicBoolean down) implements IdempotencyStore {
        private void check() {
            if (down.get()) {
                throw new IdempotencyStoreException("the store is down", null);
            }
        }

        @Override
        public Claim claim(String queue, String messageId, String owner, Duration lease) {
            check();
            return working.claim(queue, messageId, owner, lease);
        }

        @Override
        public boolean renew(Claim claim, Duration lease) {
            check();
            return working.renew(claim, lease);
        }

        @Override
        public boolean confirm(Claim claim) {
            check();
            return working.confirm(claim);
        }

        @Override
        public void abandon(Claim claim) {
            check();
            working.abandon(claim);
        }
    }
}
