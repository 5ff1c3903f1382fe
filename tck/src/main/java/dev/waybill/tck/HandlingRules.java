package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Capability;
import dev.waybill.Delivery;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Rules of what a handler's outcome does, and of locks. */
abstract class HandlingRules extends Chapter {

    /** One delivery, as it was when it came. */
    private record Seen(int count, boolean redelivered) {}

    private static List<Seen> list() {
        return new CopyOnWriteArrayList<>();
    }

    private static Seen seen(Delivery<?> delivery) {
        return new Seen(delivery.deliveryCount(), delivery.redelivered());
    }

    @Test
    void q1_2_eachMessageIsHandledByExactlyOneOfManyConsumers() {
        Queue<String> queue = newQueue().build();
        Ledger ledger = new Ledger();
        AtomicInteger handled = new AtomicInteger();
        for (int i = 0; i < 3; i++) {
            another().consumer(queue).concurrency(4).start(delivery -> {
                ledger.seen(delivery);
                handled.incrementAndGet();
            });
        }
        send(waybill.producer(queue), 1000, i -> "m" + i, ledger);
        awaitAllSeen(ledger);
        if (harness().sometimesDeliversTwice()) {
            stays(
                    "each handled once without a flag",
                    () -> assertThat(ledger.unflaggedDuplicates()).isEmpty());
        } else {
            stays("each message handled once", () -> assertThat(handled).hasValue(1000));
        }
    }

    @Test
    void q1_3_anAcceptedMessageIsNotDeliveredAgain() {
        Queue<String> queue = newQueue().lockDuration(harness().shortLock()).build();
        Ledger ledger = new Ledger();
        Subscription first = waybill.consumer(queue).concurrency(4).start(ledger::seen);
        send(waybill.producer(queue), 100, i -> "m" + i, ledger);
        awaitAllSeen(ledger);
        assertThat(first.close(Duration.ofSeconds(10)))
                .as("drained and settled")
                .isTrue();
        AtomicInteger again = new AtomicInteger();
        another().consumer(queue).start(delivery -> again.incrementAndGet());
        stays("nothing comes again", () -> assertThat(again).hasValue(0));
    }

    @Test
    void q2_1_aMessageWhoseHandlerThrowsComesAgainCountedAndFlagged() {
        Queue<String> queue = newQueue().build();
        List<Seen> seen = list();
        waybill.consumer(queue).start(delivery -> {
            seen.add(seen(delivery));
            if (delivery.deliveryCount() == 1) {
                throw new IllegalStateException("once");
            }
        });
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(seen).containsExactly(new Seen(1, false), new Seen(2, true)));
        stays("it is accepted then", () -> assertThat(seen).hasSize(2));
    }

    @Test
    void q2_2_aMessageWhoseHandlerAsksForARetryComesAgainCountedAndFlagged() {
        Queue<String> queue = newQueue().build();
        List<Seen> seen = list();
        waybill.consumer(queue).startReturning(delivery -> {
            seen.add(seen(delivery));
            return delivery.deliveryCount() < 3 ? Outcome.retry() : Outcome.accept();
        });
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() ->
                assertThat(seen).containsExactly(new Seen(1, false), new Seen(2, true), new Seen(3, true)));
        stays("it is accepted then", () -> assertThat(seen).hasSize(3));
    }

    @Test
    void q2_3_aReleasedMessageComesAgainFlaggedAndUncountedWhereTheBrokerCan() {
        Queue<String> queue = newQueue().maxDeliveries(10).build();
        List<Seen> seen = list();
        waybill.consumer(queue).startReturning(delivery -> {
            seen.add(seen(delivery));
            return seen.size() < 4 ? Outcome.release() : Outcome.accept();
        });
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(seen).hasSize(4));
        assertThat(seen.get(0)).isEqualTo(new Seen(1, false));
        assertThat(seen.subList(1, 4)).extracting(Seen::redelivered).containsOnly(true);
        if (has(Capability.UNCOUNTED_RELEASE)) {
            assertThat(seen).extracting(Seen::count).containsOnly(1);
        }
    }

    @Test
    void q2_4_whatAConsumerHeldWhenItWasClosedInMidWorkComesToAnother() throws Exception {
        Queue<String> queue = newQueue().lockDuration(harness().shortLock()).build();
        Waybill dying = another();
        CountDownLatch started = new CountDownLatch(1);
        Subscription stuck = dying.consumer(queue).start(delivery -> {
            started.countDown();
            new CountDownLatch(1).await();
        });
        waybill.producer(queue).send("m").join();
        assertThat(started.await(harness().patience().toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        assertThat(stuck.close(Duration.ZERO)).as("drained").isFalse();
        dying.close();
        List<Seen> seen = list();
        waybill.consumer(queue).start(delivery -> seen.add(seen(delivery)));
        await().untilAsserted(() -> assertThat(seen).hasSize(1));
        assertThat(seen.get(0).redelivered()).isTrue();
    }

    @Test
    void q2_5_aHandlerThatOutlastsTheLockKeepsItsMessage() throws Exception {
        Duration lock = harness().shortLock();
        Queue<String> queue = newQueue().lockDuration(lock).build();
        CountDownLatch finish = new CountDownLatch(1);
        AtomicInteger started = new AtomicInteger();
        List<Boolean> lost = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 2; i++) {
            another().consumer(queue).start(delivery -> {
                started.incrementAndGet();
                finish.await();
                lost.add(delivery.lockLost());
            });
        }
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(started).hasValue(1));
        org.awaitility.Awaitility.await("the lock is kept")
                .during(lock.multipliedBy(3))
                .atMost(lock.multipliedBy(3).plusSeconds(5))
                .untilAsserted(() -> assertThat(started).hasValue(1));
        finish.countDown();
        await().untilAsserted(() -> assertThat(lost).containsExactly(false));
        stays("it is accepted", () -> assertThat(started).hasValue(1));
    }

    @Test
    void q5_3_aSlowMessageDoesNotHoldUpTheOthers() {
        Queue<String> queue = newQueue().build();
        CountDownLatch finish = new CountDownLatch(1);
        Ledger ledger = new Ledger();
        waybill.consumer(queue).concurrency(4).start(delivery -> {
            if (delivery.payload().equals("slow")) {
                finish.await();
            }
            ledger.seen(delivery);
        });
        waybill.producer(queue).send("slow").join();
        send(waybill.producer(queue), 100, i -> "m" + i, ledger);
        awaitAllSeen(ledger);
        assertThat(ledger.distinct()).isEqualTo(100);
        finish.countDown();
        await().untilAsserted(() -> assertThat(ledger.distinct()).isEqualTo(101));
    }

    @Test
    void q9_2_aBatchHandlerSettlesEachMessageOnItsOwn() {
        Queue<String> queue = newQueue().build();
        Map<String, AtomicInteger> deliveries = new ConcurrentHashMap<>();
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).prefetch(20).startBatch(5, batch -> {
            sizes.add(batch.size());
            List<Outcome> outcomes = new ArrayList<>();
            for (Delivery<String> delivery : batch) {
                int count = deliveries
                        .computeIfAbsent(delivery.payload(), p -> new AtomicInteger())
                        .incrementAndGet();
                outcomes.add(delivery.payload().startsWith("bad") && count == 1 ? Outcome.retry() : Outcome.accept());
            }
            return outcomes;
        });
        send(waybill.producer(queue), 40, i -> (i % 4 == 0 ? "bad" : "good") + i, new Ledger());
        await().untilAsserted(() -> assertThat(deliveries.values().stream()
                        .mapToInt(AtomicInteger::get)
                        .sum())
                .isEqualTo(50));
        stays(
                "each is settled",
                () -> assertThat(deliveries.values().stream()
                                .mapToInt(AtomicInteger::get)
                                .sum())
                        .isEqualTo(50));
        assertThat(deliveries)
                .allSatisfy((payload, count) -> assertThat(count).hasValue(payload.startsWith("bad") ? 2 : 1));
        assertThat(sizes).allMatch(size -> size >= 1 && size <= 5);
    }

    @Test
    void q9_3_aBatchHandlerThatThrowsFailsAllOfItsMessages() {
        Queue<String> queue = newQueue().build();
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        waybill.consumer(queue).startBatch(10, batch -> {
            boolean first = batch.stream().anyMatch(delivery -> delivery.deliveryCount() == 1);
            batch.forEach(delivery -> counts.put(delivery.payload(), delivery.deliveryCount()));
            if (first) {
                throw new IllegalStateException("all of them");
            }
            return Collections.nCopies(batch.size(), Outcome.accept());
        });
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(counts).isEqualTo(Map.of("m", 2)));
    }

    private static <V> V stage(Map<String, V> stages, String name) {
        return Objects.requireNonNull(stages.get(name), name);
    }

    @Test
    void q9_4_anAsynchronousHandlerSettlesWhenItsStageCompletes() {
        Queue<String> queue = newQueue().build();
        Map<String, CompletableFuture<Outcome>> stages = new ConcurrentHashMap<>();
        AtomicInteger deliveries = new AtomicInteger();
        waybill.consumer(queue).concurrency(2).startAsync(delivery -> {
            deliveries.incrementAndGet();
            CompletableFuture<Outcome> stage = new CompletableFuture<>();
            stages.put(delivery.payload() + delivery.deliveryCount(), stage);
            return stage;
        });
        waybill.producer(queue).send("a").join();
        waybill.producer(queue).send("b").join();
        await().untilAsserted(() -> assertThat(stages).containsOnlyKeys("a1", "b1"));
        stage(stages, "a1").complete(Outcome.accept());
        stage(stages, "b1").completeExceptionally(new IllegalStateException("later"));
        await().untilAsserted(() -> assertThat(stages).containsKey("b2"));
        stage(stages, "b2").complete(Outcome.accept());
        stays("both are settled", () -> assertThat(deliveries).hasValue(3));
    }
}
