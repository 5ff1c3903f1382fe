package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Queues that are ordered by key, whatever the handler says and the subscription goes through. */
@Timeout(120)
class ConvoysTest {
    private static final int KEYS = 30;
    private static final int EACH = 60;

    private final List<Waybill> opened = new ArrayList<>();

    @AfterEach
    void close() {
        for (Waybill waybill : opened) {
            List<String> violations = inspect(waybill).violations();
            waybill.close();
            assertThat(violations).isEmpty();
        }
    }

    private Waybill open(String uri) {
        Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", uri)));
        opened.add(waybill);
        return waybill;
    }

    private static InMemoryInspection inspect(Waybill waybill) {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    private static Queue.Builder<String> newQueue() {
        return Queue.named("convoys", Codec.text())
                .orderedByKey()
                .maxDeliveries(10)
                .lockDuration(Duration.ofSeconds(2))
                .retry(RetryPolicy.fixed(Duration.ofMillis(1)));
    }

    private static void send(Producer<String> producer, String key, int from, int to) {
        for (int number = from; number <= to; number++) {
            var unused = producer.send(
                    Message.with(Integer.toString(number)).key(key).build());
        }
    }

    /** What was handled, and whether it was in order. */
    private static final class Trail {
        private final Map<String, Integer> done = new ConcurrentHashMap<>();
        private final Set<String> active = ConcurrentHashMap.newKeySet();
        final List<String> faults = new CopyOnWriteArrayList<>();

        Outcome handle(Delivery<String> delivery) throws InterruptedException {
            String key = delivery.key().orElseThrow();
            if (!active.add(key)) {
                faults.add(key + " " + delivery.payload() + " at once with another");
            }
            begins(delivery);
            try {
                Outcome outcome = outcome(ThreadLocalRandom.current());
                if (outcome.kind() == Outcome.Kind.ACCEPT || outcome.kind() == Outcome.Kind.DEAD_LETTER) {
                    ends(delivery);
                }
                return outcome;
            } finally {
                active.remove(key);
            }
        }

        void begins(Delivery<String> delivery) {
            String key = delivery.key().orElseThrow();
            int number = Integer.parseInt(delivery.payload());
            int before = done.getOrDefault(key, 0);
            if (number > before + 1 || number <= before && !delivery.redelivered()) {
                faults.add(key + " " + number + " after " + before);
            }
        }

        void ends(Delivery<String> delivery) {
            done.merge(delivery.key().orElseThrow(), Integer.parseInt(delivery.payload()), Math::max);
        }

        private static Outcome outcome(Random random) throws InterruptedException {
            return switch (random.nextInt(40)) {
                case 0 -> Outcome.retry();
                case 1 -> Outcome.retry(Duration.ZERO);
                case 2 -> Outcome.retry(Duration.ofMillis(random.nextInt(20)));
                case 3 -> Outcome.deadLetter("it is to die");
                case 4 -> throw new IllegalStateException("it is to fail");
                case 5 -> {
                    Thread.sleep(1);
                    yield Outcome.accept();
                }
                default -> Outcome.accept();
            };
        }

        int total() {
            return done.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?emulate=rabbitmq", "?emulate=kafka", "?emulate=sqs"})
    void whateverBecomesOfItsMessagesAConvoyIsInOrder(String emulation) {
        String uri = "in-memory:convoys-" + System.nanoTime() + emulation;
        Queue<String> queue = newQueue().build();
        Waybill waybill = open(uri);
        Producer<String> producer = waybill.producer(queue);
        Trail trail = new Trail();
        Random random = new Random();
        Subscription subscription = waybill.consumer(queue).concurrency(4).startReturning(trail::handle);
        for (int sent = 0; sent < EACH; sent += 10) {
            for (int key = 0; key < KEYS; key++) {
                send(producer, "key-" + key, sent + 1, sent + 10);
            }
            switch (random.nextInt(4)) {
                case 0 -> subscription.concurrency(1 + random.nextInt(8));
                case 1 -> {
                    subscription.pause();
                    subscription.resume();
                }
                case 2 -> {
                    // What was not handled goes back, and comes to the next.
                    assertThat(subscription.close(Duration.ofSeconds(10))).isTrue();
                    Waybill next = open(uri);
                    subscription = next.consumer(queue).concurrency(4).startReturning(trail::handle);
                }
                default -> subscription.concurrency(4);
            }
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(trail.total()).isEqualTo(KEYS * EACH));
        assertThat(trail.faults).isEmpty();
        assertThat(subscription.close(Duration.ofSeconds(10))).isTrue();
        assertThat(waybill.depth(queue)).isZero();
        assertThat(inspect(waybill).held("convoys")).isZero();
    }

    @Test
    void afterLostConnectionsAConvoyGoesOnWhereItWas() {
        Queue<String> queue = newQueue().build();
        String uri = "in-memory:convoys-" + System.nanoTime();
        Waybill waybill = open(uri);
        Producer<String> producer = waybill.producer(queue);
        Trail trail = new Trail();
        Waybill consuming = open(uri);
        consuming.consumer(queue).concurrency(4).start(delivery -> {
            trail.begins(delivery);
            trail.ends(delivery);
        });
        for (int sent = 0; sent < EACH; sent += 10) {
            for (int key = 0; key < KEYS; key++) {
                send(producer, "key-" + key, sent + 1, sent + 10);
            }
            inspect(consuming).disconnect();
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(trail.total()).isEqualTo(KEYS * EACH));
        assertThat(trail.faults).isEmpty();
    }

    @Test
    void whatWaitsForItsTimeIsHandledByAWorkerThatHasNothingElseToDo() {
        Waybill waybill = open("in-memory:");
        Queue<String> queue =
                newQueue().retry(RetryPolicy.fixed(Duration.ofMillis(100))).build();
        List<Integer> deliveries = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).startReturning(delivery -> {
            deliveries.add(delivery.deliveryCount());
            return delivery.deliveryCount() < 3 ? Outcome.retry() : Outcome.accept();
        });
        send(waybill.producer(queue), "key", 1, 2);
        await().untilAsserted(() -> assertThat(deliveries).containsExactly(1, 2, 3, 1, 2, 3));
    }

    @Test
    void aReleasedMessageIsFlaggedAndNotCounted() {
        Waybill waybill = open("in-memory:");
        List<String> deliveries = new CopyOnWriteArrayList<>();
        waybill.consumer(newQueue().build()).startReturning(delivery -> {
            deliveries.add(delivery.payload() + ", " + delivery.deliveryCount() + ", " + delivery.redelivered());
            return deliveries.size() == 1 ? Outcome.release() : Outcome.accept();
        });
        send(waybill.producer(newQueue().build()), "key", 1, 2);
        await().untilAsserted(() -> assertThat(deliveries).containsExactly("1, 1, false", "1, 1, true", "2, 1, false"));
    }

    @Test
    void hundredsThatWaitBehindOneOfTheirKeyLeaveRoomForOthers() {
        Waybill waybill = open("in-memory:");
        Queue<String> queue =
                newQueue().retry(RetryPolicy.fixed(Duration.ofMinutes(1))).build();
        List<String> handled = new CopyOnWriteArrayList<>();
        Subscription subscription = waybill.consumer(queue).prefetch(1).startReturning(delivery -> {
            handled.add(delivery.key().orElseThrow());
            return delivery.key().orElseThrow().equals("stuck") ? Outcome.retry() : Outcome.accept();
        });
        Producer<String> producer = waybill.producer(queue);
        send(producer, "stuck", 1, 900);
        for (int i = 0; i < 50; i++) {
            send(producer, "key-" + i, 1, 1);
        }
        await().untilAsserted(() -> assertThat(handled).hasSize(51));
        await().untilAsserted(() -> assertThat(subscription.health().messages()).isEqualTo(900));
        assertThat(subscription.close(Duration.ofSeconds(5))).isTrue();
        assertThat(waybill.depth(queue)).isEqualTo(900);
    }

    @Test
    void neverMoreIsHeldThanTheLookAhead() {
        Waybill waybill = open("in-memory:");
        Queue<String> queue = newQueue().build();
        CountDownLatch go = new CountDownLatch(1);
        Subscription subscription = waybill.consumer(queue).concurrency(2).start(delivery -> go.await());
        Producer<String> producer = waybill.producer(queue);
        send(producer, "one", 1, 3000);
        await().untilAsserted(() -> assertThat(subscription.health().messages()).isGreaterThan(900));
        await().during(Duration.ofMillis(300))
                .untilAsserted(
                        () -> assertThat(subscription.health().messages()).isLessThanOrEqualTo(1001));
        go.countDown();
    }

    @Test
    void aHandlerThatOverrunsTheCloseIsNotOvertaken() throws Exception {
        String uri = "in-memory:convoys-" + System.nanoTime();
        Queue<String> queue = newQueue().build();
        Waybill waybill = open(uri);
        CountDownLatch started = new CountDownLatch(1);
        Subscription subscription = waybill.consumer(queue).start(delivery -> {
            started.countDown();
            Thread.sleep(Duration.ofMinutes(1).toMillis());
        });
        send(waybill.producer(queue), "key", 1, 10);
        started.await();
        assertThat(subscription.close(Duration.ofMillis(50))).isFalse();
        List<String> handled = new CopyOnWriteArrayList<>();
        open(uri).consumer(queue).start(delivery -> handled.add(delivery.payload()));
        await().untilAsserted(
                        () -> assertThat(handled).containsExactly("1", "2", "3", "4", "5", "6", "7", "8", "9", "10"));
    }
}
