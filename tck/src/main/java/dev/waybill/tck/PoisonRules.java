package dev.waybill.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.Capability;
import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetterHeaders;
import dev.waybill.Death;
import dev.waybill.Delivery;
import dev.waybill.Health;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillObserver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Rules of what nobody should have sent, and of dead letters that have nowhere to go. */
abstract class PoisonRules extends Chapter {
    private static final int PAGE = 100;

    /** Larger headers than this no test needs, even if a broker takes them. */
    private static final int LARGEST_HEADER = 1 << 20;

    /** More attempts than this in the few seconds of a test are no backing off. */
    private static final int MOST_ATTEMPTS = 20;

    private static final class Counts implements WaybillObserver {
        final AtomicInteger stuck = new AtomicInteger();
        final AtomicInteger dead = new AtomicInteger();

        @Override
        public void stuck(String queue) {
            stuck.incrementAndGet();
        }

        @Override
        public void deadLettered(Death death) {
            dead.incrementAndGet();
        }
    }

    private OtherSoftware otherSoftware() {
        assumeTrue(harness().otherSoftware().isPresent(), "nobody sends past Waybill here");
        return harness().otherSoftware().orElseThrow();
    }

    private List<DeadLetter> letters(Queue<?> queue) {
        return waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, PAGE);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void d8_1_aMessageOfOtherSoftwareIsHandledWithItsBytesAsTheyAre() {
        OtherSoftware other = otherSoftware();
        Queue<byte[]> queue = Queue.named(newName(), Codec.bytes()).build();
        List<Delivery<byte[]>> handled = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(handled::add);
        byte[] body = bytes("{\"from\": \"elsewhere; ü\"}");
        other.send(waybill, queue.name(), Map.of("tenant", "acme"), body);
        other.send(waybill, queue.name(), Map.of("waybill-version", "1"), body);
        await().untilAsserted(() -> assertThat(handled).hasSize(2));
        assertThat(handled).allSatisfy(delivery -> {
            assertThat(delivery.payload()).isEqualTo(body);
            assertThat(delivery.id()).isNotEmpty();
            assertThat(delivery.deliveryCount()).isEqualTo(1);
            assertThat(delivery.redelivered()).isFalse();
        });
        assertThat(handled.stream().map(Delivery::headers))
                .containsExactlyInAnyOrder(Map.of("tenant", "acme"), Map.of());
    }

    @Test
    void d8_2_aMessageWhoseHeadersOfWaybillAreCutOrForgedGoesToTheDeadLetterQueueWithItsBytes() {
        OtherSoftware other = otherSoftware();
        List<Map<String, String>> forged = new ArrayList<>(other.forgeries());
        for (String count : List.of("many", "-1", "1000000001", "99999999999999999999")) {
            forged.add(Map.of("waybill-deliveries", count));
        }
        for (String time : List.of("soon", "-1", "99999999999999999999", Long.toString(Long.MAX_VALUE))) {
            forged.add(Map.of("waybill-due", time));
        }
        Counts counts = new Counts();
        Waybill consuming = another(harness().config().observer(counts));
        Queue<String> queue = newQueue().build();
        List<String> handled = new CopyOnWriteArrayList<>();
        consuming.consumer(queue).start(delivery -> handled.add(delivery.payload()));
        for (int i = 0; i < forged.size(); i++) {
            other.send(waybill, queue.name(), forged.get(i), bytes("poison-" + i));
        }
        other.send(waybill, queue.name(), Map.of(), bytes("good"));
        await().untilAsserted(() -> assertThat(counts.dead).hasValue(forged.size()));
        await().untilAsserted(() -> assertThat(handled).containsExactly("good"));
        stays("each dies once, and none is handled", () -> {
            assertThat(counts.dead).hasValue(forged.size());
            assertThat(handled).containsExactly("good");
        });
        List<DeadLetter> letters = letters(queue);
        for (int i = 0; i < forged.size(); i++) {
            byte[] body = bytes("poison-" + i);
            String header = forged.get(i).keySet().iterator().next();
            assertThat(letters)
                    .as("letters of %s", forged.get(i))
                    .filteredOn(letter -> Arrays.equals(letter.body(), body))
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.reason()).contains("malformed envelope", header));
        }
        assertThat(letters).hasSize(forged.size());
    }

    @Test
    void d8_3_aMessageOfALaterVersionGoesToTheDeadLetterQueueWhole() {
        OtherSoftware other = otherSoftware();
        Queue<String> queue = newQueue().build();
        List<String> handled = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> handled.add(delivery.payload()));
        Map<String, String> headers =
                Map.of("waybill-version", "2", "waybill-novelty", "what nobody knows yet", "tenant", "acme");
        other.send(waybill, queue.name(), headers, bytes("from the future"));
        other.send(waybill, queue.name(), Map.of(), bytes("good"));
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        await().untilAsserted(() -> assertThat(handled).containsExactly("good"));
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        stays("once", () -> assertThat(dead).hasSize(1));
        assertThat(dead.get(0).payload()).isEqualTo(bytes("from the future"));
        assertThat(dead.get(0).headers())
                .containsEntry("waybill-novelty", "what nobody knows yet")
                .containsEntry("tenant", "acme")
                .hasEntrySatisfying(
                        DeadLetterHeaders.REASON,
                        reason -> assertThat(reason).contains("waybill-version is '2' but must be 1"));
        assertThat(handled).containsExactly("good");
    }

    @Test
    void d8_4_aMessageWithAHeaderAsLargeAsTheBrokerTakesComesToTheDeadLetterQueueWhole() {
        Queue<String> queue = newQueue().lockDuration(harness().shortLock()).build();
        Producer<String> producer = waybill.producer(queue);
        int size = largestHeader();
        Message<String> huge =
                Message.with("huge").header("large", "x".repeat(size)).build();
        List<String> handled = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).startReturning(delivery -> {
            if (delivery.payload().equals("huge")) {
                return Outcome.deadLetter("no use");
            }
            handled.add(delivery.payload());
            return Outcome.accept();
        });
        producer.send(huge).join();
        producer.send("good").join();
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        await().untilAsserted(() -> assertThat(handled).containsExactly("good"));
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        stays("once", () -> assertThat(dead).hasSize(1));
        assertThat(dead.get(0).payload()).isEqualTo(bytes("huge"));
        assertThat(dead.get(0).id()).isEqualTo(huge.id());
        assertThat(dead.get(0).headers().get("large"))
                .as("a header of %s characters", size)
                .isEqualTo("x".repeat(size));
    }

    /** How many characters a header can have that this broker takes, by trial. */
    private int largestHeader() {
        Producer<String> producer = waybill.producer(newQueue().build());
        int fits = 1;
        int tooLarge = LARGEST_HEADER + 1;
        while (tooLarge - fits > 1) {
            int size = (fits + tooLarge) / 2;
            try {
                producer.send(Message.with("huge")
                                .header("large", "x".repeat(size))
                                .build())
                        .join();
                fits = size;
            } catch (CompletionException refused) {
                assertThat(refused.getCause())
                        .isInstanceOfSatisfying(
                                SendException.class,
                                cause -> assertThat(cause.reason()).isEqualTo(SendException.Reason.TOO_LARGE));
                tooLarge = size;
            }
        }
        return fits;
    }

    private Runnable loseDeadLetterQueue(Waybill of, Queue<?> queue) {
        return harness().loseDeadLetterQueue().orElseThrow().apply(of, queue);
    }

    private void needsTheLossOfADeadLetterQueue() {
        assumeTrue(harness().loseDeadLetterQueue().isPresent(), "nobody takes a dead-letter queue away here");
    }

    private static Outcome deadLetterTheBad(Delivery<String> delivery) {
        return delivery.payload().startsWith("bad") ? Outcome.deadLetter("no use") : Outcome.accept();
    }

    @Test
    void d9_1_whileTheDeadLetterQueueCannotBeReachedItsMessagesWaitAndTheOthersDoNot() {
        needsTheLossOfADeadLetterQueue();
        Counts counts = new Counts();
        Waybill consuming = another(harness().config().observer(counts));
        Queue<String> queue = newQueue().build();
        Producer<String> producer = waybill.producer(queue);
        Ledger ledger = new Ledger();
        AtomicInteger tried = new AtomicInteger();
        Subscription subscription = consuming
                .consumer(queue)
                .concurrency(2)
                .prefetch(4)
                .startReturning(delivery -> {
                    if (delivery.payload().startsWith("bad")) {
                        tried.incrementAndGet();
                    } else {
                        ledger.seen(delivery);
                    }
                    return deadLetterTheBad(delivery);
                });
        Runnable mend = loseDeadLetterQueue(consuming, queue);
        producer.send("bad-1").join();
        producer.send("bad-2").join();
        await().untilAsserted(() -> assertThat(counts.stuck).hasValueGreaterThanOrEqualTo(2));
        send(producer, 50, i -> "good-" + i, ledger);
        awaitAllSeen(ledger);
        await().untilAsserted(() -> {
            Health.Component health = subscription.health();
            assertThat(health.status()).isEqualTo(Health.Status.DEGRADED);
            assertThat(health.detail()).contains("cannot send on 2 messages");
            assertThat(health.messages()).isGreaterThanOrEqualTo(2);
        });
        stays("they wait", () -> {
            assertThat(counts.dead).hasValue(0);
            assertThat(tried).hasValue(2);
            assertThat(counts.stuck).hasValueLessThan(MOST_ATTEMPTS);
        });
        mend.run();
        await().untilAsserted(() -> assertThat(counts.dead).hasValue(2));
        await().untilAsserted(() -> assertThat(subscription.health().status())
                .as("%s", subscription.health())
                .isEqualTo(Health.Status.UP));
        List<String> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(delivery -> dead.add(new String(delivery.payload(), UTF_8)));
        await().untilAsserted(() -> assertThat(dead).containsExactlyInAnyOrder("bad-1", "bad-2"));
        stays("each once", () -> assertThat(dead).hasSize(2));
        assertThat(tried).hasValue(2);
        assertNoUnflaggedDuplicates(ledger);
    }

    @Test
    void d9_2_whatWaitsForTheDeadLetterQueueGoesBackWhenItsConsumerCloses() {
        needsTheLossOfADeadLetterQueue();
        Counts counts = new Counts();
        Waybill consuming = another(harness().config().observer(counts));
        // A broker may hand what comes back to a request of who has just left, which costs a lock and a delivery each.
        Queue<String> queue =
                newQueue().lockDuration(harness().shortLock()).maxDeliveries(10).build();
        Producer<String> producer = waybill.producer(queue);
        Subscription subscription = consuming.consumer(queue).startReturning(PoisonRules::deadLetterTheBad);
        Runnable mend = loseDeadLetterQueue(consuming, queue);
        producer.send("bad").join();
        await().untilAsserted(() -> assertThat(counts.stuck).hasValueGreaterThanOrEqualTo(1));
        subscription.close();
        assertThat(counts.dead).hasValue(0);
        mend.run();
        List<Delivery<String>> again = new CopyOnWriteArrayList<>();
        another().consumer(queue).startReturning(delivery -> {
            again.add(delivery);
            return deadLetterTheBad(delivery);
        });
        List<String> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(delivery -> dead.add(new String(delivery.payload(), UTF_8)));
        await().untilAsserted(() -> assertThat(dead).containsExactly("bad"));
        stays("once", () -> assertThat(dead).containsExactly("bad"));
        assertThat(again)
                .singleElement()
                .satisfies(delivery -> assertThat(delivery.redelivered()).isTrue());
    }

    @Test
    void d9_3_whatWaitsAtItsLastDeliverySurvivesTheCloseOfItsConsumer() {
        needsTheLossOfADeadLetterQueue();
        Counts counts = new Counts();
        Waybill consuming = another(harness().config().observer(counts));
        // At once, so that the broker's own count of this message goes on: a copy that waits begins anew.
        Queue<String> queue = newQueue()
                .lockDuration(harness().shortLock())
                .retry(RetryPolicy.immediate())
                .build();
        Producer<String> producer = waybill.producer(queue);
        AtomicInteger handled = new AtomicInteger();
        Subscription subscription = consuming.consumer(queue).startReturning(delivery -> {
            handled.incrementAndGet();
            return Outcome.retry();
        });
        Runnable mend = loseDeadLetterQueue(consuming, queue);
        producer.send("bad").join();
        await().untilAsserted(() -> assertThat(counts.stuck).hasValueGreaterThanOrEqualTo(1));
        assertThat(handled).hasValue(3);
        subscription.close();
        mend.run();
        List<Delivery<String>> again = new CopyOnWriteArrayList<>();
        another().consumer(queue).startReturning(delivery -> {
            again.add(delivery);
            return Outcome.retry();
        });
        List<String> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(delivery -> dead.add(new String(delivery.payload(), UTF_8)));
        await().untilAsserted(() -> assertThat(dead).containsExactly("bad"));
        stays("once", () -> assertThat(dead).containsExactly("bad"));
        // To give it back may not have counted; then this is the last delivery once more.
        assertThat(again)
                .hasSize(has(Capability.UNCOUNTED_RELEASE) ? 1 : 0)
                .allSatisfy(delivery -> assertThat(delivery.redelivered()).isTrue());
    }
}
