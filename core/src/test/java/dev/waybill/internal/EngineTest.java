package dev.waybill.internal;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.WaybillObserver;
import dev.waybill.inmemory.InMemoryInspection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The engine over the in-memory broker: what the conformance suite does not look at, since it is not a matter of the broker. */
@Timeout(30)
class EngineTest {
    private final Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")));
    private final Queue<String> queue = Queue.named("q", Codec.text())
            .maxDeliveries(3)
            .lockDuration(ofSeconds(1))
            .build();

    @AfterEach
    void close() {
        waybill.close();
    }

    @Test
    void oneThreadHandlesInOrder() {
        List<String> seen = new CopyOnWriteArrayList<>();
        Producer<String> producer = waybill.producer(queue);
        for (int i = 0; i < 5000; i++) {
            producer.send("m" + i);
        }
        waybill.consumer(queue).prefetch(100).start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(seen).hasSize(5000));
        for (int i = 0; i < 5000; i++) {
            assertThat(seen.get(i)).isEqualTo("m" + i);
        }
    }

    @Test
    void manyThreadsSendAndManyHandleEveryMessageOnce() throws Exception {
        int senders = 8;
        int each = 5000;
        Set<String> seen = ConcurrentHashMap.newKeySet();
        AtomicInteger handled = new AtomicInteger();
        waybill.consumer(queue).concurrency(16).prefetch(64).start(delivery -> {
            seen.add(delivery.payload());
            handled.incrementAndGet();
        });
        Producer<String> producer = waybill.producer(queue);
        List<Thread> threads = new ArrayList<>();
        for (int s = 0; s < senders; s++) {
            String prefix = s + "-";
            Thread thread = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    producer.send(prefix + i);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        await().untilAsserted(() -> assertThat(handled).hasValue(senders * each));
        assertThat(seen).hasSize(senders * each);
    }

    @Test
    void aHandlerThatInterruptsItselfDoesNotStopTheSubscription() {
        AtomicInteger handled = new AtomicInteger();
        waybill.consumer(queue).start(delivery -> {
            handled.incrementAndGet();
            Thread.currentThread().interrupt();
        });
        Producer<String> producer = waybill.producer(queue);
        for (int i = 0; i < 10; i++) {
            producer.sendAndWait(Message.of("m"));
        }
        await().untilAsserted(() -> assertThat(handled).hasValue(10));
    }

    @Test
    void aHandlerThatThrowsAnErrorFailsOnlyItsMessage() {
        AtomicInteger deliveries = new AtomicInteger();
        waybill.consumer(queue).start(delivery -> {
            deliveries.incrementAndGet();
            if (delivery.payload().equals("bad")) {
                throw new StackOverflowError("on purpose");
            }
        });
        List<String> dead = new CopyOnWriteArrayList<>();
        waybill.deadLetterConsumer(queue).start(delivery -> dead.add(new String(delivery.payload())));
        waybill.producer(queue).send("bad").join();
        waybill.producer(queue).send("good").join();
        await().untilAsserted(() -> assertThat(dead).containsExactly("bad"));
        await().untilAsserted(() -> assertThat(deliveries).hasValue(4));
    }

    @Test
    void anObserverThatThrowsEndsNoWorkerAndLosesNothing() {
        WaybillObserver broken = new WaybillObserver() {
            @Override
            public void handled(String queue, Outcome.Kind outcome, long nanos) {
                throw new IllegalStateException("the registry is closed");
            }
        };
        Set<String> seen = ConcurrentHashMap.newKeySet();
        try (Waybill observed = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory")).observer(broken))) {
            observed.consumer(queue).concurrency(2).start(delivery -> seen.add(delivery.payload()));
            for (int i = 0; i < 20; i++) {
                observed.producer(queue).sendAndWait("m" + i);
            }
            await().untilAsserted(() -> assertThat(seen).hasSize(20));
        }
    }

    @Test
    void aHandlerMayCloseItsOwnSubscription() {
        CountDownLatch closed = new CountDownLatch(1);
        Subscription[] self = new Subscription[1];
        AtomicInteger handled = new AtomicInteger();
        self[0] = waybill.consumer(queue).start(delivery -> {
            handled.incrementAndGet();
            self[0].close(Duration.ofSeconds(5));
            closed.countDown();
        });
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(self[0].state()).isEqualTo(Subscription.State.CLOSED));
        assertThat(closed.getCount()).isZero();
        // Accepted before the end: nobody else gets it.
        List<String> again = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> again.add(delivery.payload()));
        waybill.producer(queue).send("next").join();
        await().untilAsserted(() -> assertThat(again).containsExactly("next"));
    }

    @Test
    void aHandlerThatOutlivesTheDeadlineHasItsMessageGivenBackAndNoSayLater() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        Subscription stuck = waybill.consumer(queue).startReturning(delivery -> {
            running.countDown();
            while (never.getCount() > 0) {
                try {
                    never.await();
                } catch (InterruptedException ignoredOnPurpose) {
                    continue;
                }
            }
            return Outcome.accept();
        });
        waybill.producer(queue).send("m").join();
        await().until(() -> running.getCount() == 0);
        assertThat(stuck.close(Duration.ofMillis(50))).isFalse();
        List<Integer> counts = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> counts.add(delivery.deliveryCount()));
        await().untilAsserted(() -> assertThat(counts).hasSize(1));
        never.countDown();
    }

    @Test
    void loweringTheConcurrencyEndsTheSurplusOnlyAndRaisingItStartsMore() {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger total = new AtomicInteger();
        Subscription subscription = waybill.consumer(queue).concurrency(8).start(delivery -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            Thread.yield();
            now.decrementAndGet();
            total.incrementAndGet();
        });
        Producer<String> producer = waybill.producer(queue);
        for (int round = 0; round < 20; round++) {
            int wanted = 1 + round * 7 % 16;
            subscription.concurrency(wanted);
            for (int i = 0; i < 500; i++) {
                producer.send("m");
            }
        }
        await().untilAsserted(() -> assertThat(total).hasValue(10_000));
        assertThat(most.get()).isLessThanOrEqualTo(16);
    }

    /** Several receivers: a worker that waits in one must come when another has brought more than it handles itself. */
    @Test
    void whatOneReceiverBringsIsHandledByAWorkerThatWaitsInAnother() throws Exception {
        Waybill many = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=sqs")));
        try (many) {
            for (int round = 0; round < 50; round++) {
                Queue<String> fresh = Queue.ofText("round-" + round);
                CountDownLatch all = new CountDownLatch(3);
                CountDownLatch finish = new CountDownLatch(1);
                Subscription subscription = many.consumer(fresh).concurrency(3).start(delivery -> {
                    all.countDown();
                    finish.await();
                });
                Producer<String> producer = many.producer(fresh);
                for (int i = 0; i < 3; i++) {
                    producer.send("m" + i);
                }
                assertThat(all.await(5, java.util.concurrent.TimeUnit.SECONDS))
                        .as("round %d", round)
                        .isTrue();
                finish.countDown();
                subscription.close(ofSeconds(5));
                producer.close();
            }
        }
    }

    /** Of several receivers that were lost, those that are open again may take all the room there is. */
    @Test
    void aReceiverThatNobodyNeedsIsNoTrouble() throws Exception {
        Waybill many = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=sqs")));
        try (many) {
            Queue<String> queue = Queue.ofText("q");
            CountDownLatch started = new CountDownLatch(1);
            CountDownLatch finish = new CountDownLatch(1);
            InMemoryInspection look = many.unwrap(InMemoryInspection.class).orElseThrow();
            try (Subscription subscription = many.consumer(queue)
                    .concurrency(1)
                    .prefetch(10)
                    .start(delivery -> {
                        started.countDown();
                        finish.await();
                    })) {
                await().until(() -> look.openReceivers() == 2);
                many.producer(queue).sendAndWait("m");
                assertThat(started.await(5, java.util.concurrent.TimeUnit.SECONDS))
                        .isTrue();
                look.disconnect();
                await().until(() -> look.openReceivers() == 1 && subscription.state() == Subscription.State.RUNNING);
                finish.countDown();
            }
        }
    }
}
