package dev.waybill.tck;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.Capability;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Rules of time: how long a message waits between two deliveries, and before its first. */
abstract class RetryRules extends Chapter {

    /** One delivery, and when it came. */
    private record Seen(String payload, int count, boolean redelivered, long nanos) {
        static Seen of(Delivery<String> delivery) {
            return new Seen(delivery.payload(), delivery.deliveryCount(), delivery.redelivered(), System.nanoTime());
        }

        Duration since(Seen before) {
            return Duration.ofNanos(nanos - before.nanos);
        }
    }

    /** So many of the harness's steps. */
    private Duration steps(double count) {
        return Duration.ofNanos((long) (harness().step().toNanos() * count));
    }

    private static List<Seen> list() {
        return new CopyOnWriteArrayList<>();
    }

    @BeforeEach
    void needsTime() {
        needs(Capability.DELAYED_RETRY);
        needs(Capability.DELAYED_SEND);
    }

    /** Not early, and late only as the broker may be. */
    private void assertWaited(Duration waited, Duration wanted) {
        assertThat(waited)
                .isGreaterThanOrEqualTo(wanted)
                .isLessThan(wanted.plus(harness().lateness()));
    }

    @Test
    void d2_1_aFailedMessageWaitsAsThePolicySaysAndItsCountGoesOn() {
        Queue<String> queue = newQueue()
                .maxDeliveries(4)
                .retry(RetryPolicy.exponential(steps(1), steps(1.5)))
                .build();
        List<Seen> seen = list();
        waybill.consumer(queue).start(delivery -> {
            seen.add(Seen.of(delivery));
            if (delivery.deliveryCount() < 3) {
                throw new IllegalStateException("not yet");
            }
        });
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(seen).hasSize(3));
        stays("it is accepted then", () -> assertThat(seen).hasSize(3));
        assertThat(seen).extracting(Seen::count).containsExactly(1, 2, 3);
        assertThat(seen).extracting(Seen::redelivered).containsExactly(false, true, true);
        assertWaited(seen.get(1).since(seen.get(0)), steps(1));
        assertWaited(seen.get(2).since(seen.get(1)), steps(1.5));
    }

    @Test
    void d2_2_aMessageThatWaitsHoldsUpNoOther() {
        // Longer than the suite has patience.
        Queue<String> queue = newQueue()
                .retry(RetryPolicy.fixed(harness().patience().multipliedBy(2)))
                .build();
        Set<String> handled = ConcurrentHashMap.newKeySet();
        AtomicInteger failures = new AtomicInteger();
        Subscription subscription = waybill.consumer(queue)
                .concurrency(2)
                .prefetch(4)
                .start(delivery -> {
                    if (delivery.payload().startsWith("bad")) {
                        failures.incrementAndGet();
                        throw new IllegalStateException("not yet");
                    }
                    handled.add(delivery.payload());
                });
        Producer<String> producer = waybill.producer(queue);
        // More than the consumer may hold, so that it would stand still if it held what waits.
        send(producer, 30, i -> "bad" + i, new Ledger());
        send(producer, 30, i -> "good" + i, new Ledger());
        await().untilAsserted(() -> assertThat(handled).hasSize(30));
        await().untilAsserted(() -> assertThat(failures).hasValue(30));
        assertThat(subscription.close(ofSeconds(5))).as("drained").isTrue();
    }

    @Test
    void d2_3_aHandlerCanSayHowLongAMessageIsToWait() {
        Queue<String> queue = newQueue().retry(RetryPolicy.immediate()).build();
        List<Seen> seen = list();
        waybill.consumer(queue).startReturning(delivery -> {
            seen.add(Seen.of(delivery));
            return delivery.deliveryCount() == 1 ? Outcome.retry(steps(2.1)) : Outcome.accept();
        });
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(seen).hasSize(2));
        assertThat(seen.get(1).count()).isEqualTo(2);
        assertThat(seen.get(1).redelivered()).isTrue();
        assertWaited(seen.get(1).since(seen.get(0)), steps(2.1));
    }

    @Test
    void d2_4_aMessageThatWaitsSurvivesTheEndOfItsConsumerAndKeepsItsCount() {
        Queue<String> queue = newQueue().retry(RetryPolicy.fixed(steps(2))).build();
        waybill.producer(queue).send("m").join();
        Waybill dying = another();
        List<Seen> seen = list();
        dying.consumer(queue).start(delivery -> {
            seen.add(Seen.of(delivery));
            throw new IllegalStateException("and then the process ends");
        });
        await().untilAsserted(() -> assertThat(seen).hasSize(1));
        dying.close();
        waybill.consumer(queue).start(delivery -> seen.add(Seen.of(delivery)));
        await().untilAsserted(() -> assertThat(seen).hasSize(2));
        stays("it is accepted then", () -> assertThat(seen).hasSize(2));
        if (has(Capability.UNCOUNTED_RELEASE)) {
            assertThat(seen.get(1).count()).isEqualTo(2);
        } else {
            // The broker may have handed it to the consumer that ended, which gave it back.
            assertThat(seen.get(1).count()).isGreaterThanOrEqualTo(2);
        }
        assertThat(seen.get(1).redelivered()).isTrue();
        assertThat(seen.get(1).since(seen.get(0))).isGreaterThanOrEqualTo(steps(2));
    }

    @Test
    @ResourceLock(BROKER)
    void d2_5_messagesThatWaitSurviveARestartOfTheBroker() {
        needs(Capability.SURVIVES_RESTART);
        Optional<Runnable> restart = harness().restart();
        assumeTrue(restart.isPresent(), "the harness cannot restart the broker");
        Queue<String> queue = newQueue()
                .maxDeliveries(10)
                .retry(RetryPolicy.fixed(ofSeconds(4)))
                .build();
        Ledger handled = new Ledger();
        AtomicInteger failures = new AtomicInteger();
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        waybill.consumer(queue).concurrency(4).start(delivery -> {
            counts.merge(delivery.id(), delivery.deliveryCount(), Math::max);
            if (delivery.deliveryCount() == 1) {
                failures.incrementAndGet();
                throw new IllegalStateException("once");
            }
            handled.seen(delivery);
        });
        Producer<String> producer = waybill.producer(queue);
        send(producer, 50, i -> "m" + i, handled);
        for (int i = 0; i < 50; i++) {
            Message<String> later =
                    Message.with("later" + i).delay(ofSeconds(4)).build();
            handled.sent(later.id());
            producer.send(later).join();
        }
        await().untilAsserted(() -> assertThat(failures).hasValueGreaterThanOrEqualTo(50));
        restart.get().run();
        awaitAllSeen(handled);
        assertNoUnflaggedDuplicates(handled);
        assertThat(counts.values()).allMatch(count -> count >= 2);
    }

    @Test
    void d2_6_whatFailedAfterARetryComesToTheDeadLetterQueueAfterTheMaximum() {
        Queue<String> queue = newQueue()
                .maxDeliveries(3)
                .retry(RetryPolicy.linear(ofMillis(300), ofSeconds(1)).jitter(0.5))
                .build();
        List<Seen> seen = list();
        waybill.consumer(queue).start(delivery -> {
            seen.add(Seen.of(delivery));
            throw new IllegalStateException("never");
        });
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        send(waybill.producer(queue), 10, i -> "m" + i, new Ledger());
        await().untilAsserted(() -> assertThat(dead).hasSize(10));
        stays("each three times", () -> {
            assertThat(dead).hasSize(10);
            assertThat(seen).hasSize(30);
        });
    }

    @Test
    void d3_1_aFailureThatIsNotWorthAnotherDeliveryIsDeadLetteredAtOnce() {
        Queue<String> queue = newQueue()
                .retry(RetryPolicy.fixed(steps(1)).deadLetterOn(IllegalArgumentException.class))
                .build();
        AtomicInteger deliveries = new AtomicInteger();
        waybill.consumer(queue).start(delivery -> {
            deliveries.incrementAndGet();
            throw new NumberFormatException("a subclass of it");
        });
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        waybill.producer(queue).send("m").join();
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        assertThat(deliveries).hasValue(1);
    }

    @Test
    void d3_2_aFailureThatIsDiscardedDropsTheMessage() {
        Queue<String> queue = newQueue()
                .retry(RetryPolicy.immediate()
                        .retryOn(NumberFormatException.class)
                        .discardOn(RuntimeException.class))
                .build();
        Map<String, Integer> deliveries = new ConcurrentHashMap<>();
        waybill.consumer(queue).start(delivery -> {
            int count = deliveries.merge(delivery.payload(), 1, Integer::sum);
            if (delivery.payload().equals("discarded")) {
                throw new IllegalStateException("of no interest");
            } else if (count == 1) {
                throw new NumberFormatException("worth another, whatever the later rule says");
            }
        });
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        waybill.producer(queue).send("discarded").join();
        waybill.producer(queue).send("tried again").join();
        await().untilAsserted(() -> assertThat(deliveries).isEqualTo(Map.of("discarded", 1, "tried again", 2)));
        stays("neither comes again or dies", () -> {
            assertThat(deliveries).isEqualTo(Map.of("discarded", 1, "tried again", 2));
            assertThat(dead).isEmpty();
        });
    }

    @Test
    void q8_1_aDelayedMessageComesInItsTimeWholeAndNotAsRedelivered() {
        Queue<String> queue = newQueue().build();
        List<Seen> seen = list();
        List<Delivery<String>> whole = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).concurrency(2).start(delivery -> {
            whole.add(delivery);
            seen.add(Seen.of(delivery));
        });
        Producer<String> producer = waybill.producer(queue);
        producer.send("at once").join();
        await().untilAsserted(() -> assertThat(seen).hasSize(1));
        long sent = System.nanoTime();
        Message<String> message = Message.with("später")
                .key("k-1")
                .header("Tenant", "Acme GmbH ")
                .delay(steps(1.3))
                .build();
        producer.send(message).join();
        await().untilAsserted(() -> assertThat(seen).hasSize(2));
        stays("once", () -> assertThat(seen).hasSize(2));
        assertWaited(Duration.ofNanos(seen.get(1).nanos() - sent), steps(1.3));
        assertThat(seen.get(1).redelivered()).isFalse();
        assertThat(seen.get(1).count()).isEqualTo(1);
        Delivery<String> delivery = whole.get(1);
        assertThat(delivery.payload()).isEqualTo("später");
        assertThat(delivery.id()).isEqualTo(message.id());
        assertThat(delivery.key()).contains("k-1");
        assertThat(delivery.headers()).isEqualTo(Map.of("Tenant", "Acme GmbH "));
        assertThat(delivery.sentAtMillis()).isGreaterThan(0);
    }

    @Test
    void q8_2_aDelayedMessageHoldsUpNoOther() {
        Queue<String> queue = newQueue().build();
        List<Seen> seen = list();
        waybill.consumer(queue).start(delivery -> seen.add(Seen.of(delivery)));
        Producer<String> producer = waybill.producer(queue);
        Instant now = Instant.now();
        producer.send(Message.with("third").deliverAt(now.plus(steps(3))).build())
                .join();
        producer.send(Message.with("second").deliverAt(now.plus(steps(1.5))).build())
                .join();
        producer.send(Message.with("first").deliverAt(now.minusSeconds(60)).build())
                .join();
        await().untilAsserted(() -> assertThat(seen).hasSize(3));
        assertThat(seen).extracting(Seen::payload).containsExactly("first", "second", "third");
    }

    @Test
    void q8_3_manyDelayedMessagesComeEachOnceAndNoneEarly() {
        Queue<String> queue = newQueue().build();
        Ledger ledger = new Ledger();
        List<String> early = new CopyOnWriteArrayList<>();
        AtomicInteger handled = new AtomicInteger();
        waybill.consumer(queue).concurrency(4).prefetch(50).start(delivery -> {
            if (System.currentTimeMillis() < Long.parseLong(delivery.payload())) {
                early.add(delivery.payload());
            }
            ledger.seen(delivery);
            handled.incrementAndGet();
        });
        Producer<String> producer = waybill.producer(queue);
        List<Message<String>> messages = new ArrayList<>();
        long now = System.currentTimeMillis();
        for (int i = 0; i < 500; i++) {
            long delay = 200 + 7L * (i * 37 % 500);
            Message<String> message = Message.with(Long.toString(now + delay))
                    .delay(ofMillis(delay))
                    .build();
            ledger.sent(message.id());
            messages.add(message);
        }
        assertThat(producer.sendAll(messages).join()).allMatch(result -> result.failure() == null, "stored");
        awaitAllSeen(ledger);
        assertThat(early).isEmpty();
        assertNoUnflaggedDuplicates(ledger);
        if (!harness().sometimesDeliversTwice()) {
            stays("each once", () -> assertThat(handled).hasValue(500));
        }
    }

    @Test
    void q8_4_closingLeavesWhatWaitsInItsPlace() throws Exception {
        Queue<String> queue = newQueue().retry(RetryPolicy.fixed(steps(2))).build();
        CountDownLatch failed = new CountDownLatch(20);
        Subscription subscription = waybill.consumer(queue).concurrency(4).start(delivery -> {
            failed.countDown();
            throw new IllegalStateException("once");
        });
        Ledger ledger = new Ledger();
        send(waybill.producer(queue), 20, i -> "m" + i, ledger);
        assertThat(failed.await(harness().patience().toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        assertThat(subscription.close(ofSeconds(5))).as("drained").isTrue();
        another().consumer(queue).concurrency(4).start(ledger::seen);
        awaitAllSeen(ledger);
        assertThat(ledger.redelivered()).hasSize(20);
    }
}
