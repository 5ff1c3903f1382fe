package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.Capability;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Rules of sequential convoys: order per key. */
abstract class ConvoyRules extends Chapter {
    private final ConvoyLedger ledger = new ConvoyLedger();

    @BeforeEach
    void needsOrder() {
        needs(Capability.KEY_ORDER);
        assumeTrue(harness().holdsUpKeys(), "this double hands two consumers messages of one key at once");
    }

    private Queue.Builder<String> newOrderedQueue() {
        return newQueue().orderedByKey();
    }

    /** So many of each key, in turn. */
    private static List<Message<String>> numbered(int keys, int each) {
        return IntStream.range(0, keys * each)
                .mapToObj(i -> ConvoyLedger.message("key-" + i % keys, 1 + i / keys))
                .toList();
    }

    private static void sendAll(Producer<String> producer, List<Message<String>> messages) {
        CompletableFuture.allOf(messages.stream().map(producer::send).toArray(CompletableFuture[]::new))
                .join();
    }

    private static Message<String> message(String payload, String key) {
        return Message.with(payload).key(key).build();
    }

    private Subscription consume(Waybill consuming, Queue<String> queue, int concurrency, String name, int millis) {
        return consuming.consumer(queue).concurrency(concurrency).start(delivery -> {
            ledger.begins(delivery, name);
            TimeUnit.MILLISECONDS.sleep(millis);
            ledger.ends(delivery);
        });
    }

    private void awaitHandled(int messages) {
        await().untilAsserted(
                        () -> assertThat(ledger.handled()).as("%s", ledger).isGreaterThanOrEqualTo(messages));
    }

    private void assertInOrder() {
        assertThat(ledger.outOfOrder()).as("%s", ledger).isEmpty();
    }

    @Test
    void c1_1_oneOfEachKeyAtATimeAndInTheOrderOfSending() {
        Queue<String> queue = newOrderedQueue().build();
        consume(waybill, queue, 8, "only", 0);
        sendAll(waybill.producer(queue), numbered(5, 100));
        awaitHandled(500);
        assertInOrder();
        assertThat(ledger.overlaps()).isEmpty();
    }

    @Test
    void c1_2_differentKeysAtTheSameTime() {
        Queue<String> queue = newOrderedQueue().build();
        CyclicBarrier together = new CyclicBarrier(4);
        List<String> met = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).concurrency(4).start(delivery -> {
            together.await(harness().patience().toMillis(), TimeUnit.MILLISECONDS);
            met.add(delivery.payload());
        });
        sendAll(waybill.producer(queue), numbered(4, 3));
        await().untilAsserted(() -> assertThat(met).hasSize(12));
    }

    @Test
    void c1_3_whatWaitsHoldsUpItsOwnKeyOnly() {
        Duration wait = harness().step().multipliedBy(2);
        Queue<String> queue = newOrderedQueue().retry(RetryPolicy.fixed(wait)).build();
        List<String> handled = new CopyOnWriteArrayList<>();
        List<Delivery<String>> failing = new CopyOnWriteArrayList<>();
        List<Long> at = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).startReturning(delivery -> {
            if (delivery.payload().equals("a1")) {
                failing.add(delivery);
                at.add(System.nanoTime());
                if (failing.size() < 3) {
                    return Outcome.retry();
                }
            }
            handled.add(delivery.payload());
            return Outcome.accept();
        });
        List<Message<String>> messages = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            messages.add(message("a" + i, "a"));
        }
        for (int i = 1; i <= 20; i++) {
            messages.add(message("b" + i, "b"));
        }
        sendAll(waybill.producer(queue), messages);
        await().untilAsserted(() -> assertThat(handled).hasSize(40));
        List<String> expected = new ArrayList<>();
        for (String key : List.of("b", "a")) {
            IntStream.rangeClosed(1, 20).forEach(i -> expected.add(key + i));
        }
        assertThat(handled).containsExactlyElementsOf(expected);
        assertThat(failing).extracting(Delivery::deliveryCount).containsExactly(1, 2, 3);
        assertThat(failing).extracting(Delivery::redelivered).containsExactly(false, true, true);
        for (int i = 1; i < 3; i++) {
            assertThat(Duration.ofNanos(at.get(i) - at.get(i - 1))).isGreaterThanOrEqualTo(wait);
        }
    }

    @Test
    void c1_4_afterADeadLetterItsKeyGoesOn() {
        Queue<String> queue = newOrderedQueue()
                .maxDeliveries(2)
                .retry(RetryPolicy.immediate())
                .build();
        List<String> handled = new CopyOnWriteArrayList<>();
        CountDownLatch mended = new CountDownLatch(1);
        waybill.consumer(queue).concurrency(2).startReturning(delivery -> {
            handled.add(delivery.payload());
            return delivery.payload().equals("a2") && mended.getCount() > 0 ? Outcome.retry() : Outcome.accept();
        });
        sendAll(
                waybill.producer(queue),
                IntStream.rangeClosed(1, 5).mapToObj(i -> message("a" + i, "a")).toList());
        await().untilAsserted(() -> assertThat(handled).containsExactly("a1", "a2", "a2", "a3", "a4", "a5"));
        await().untilAsserted(
                        () -> assertThat(waybill.deadLetters(queue).count()).isEqualTo(1));
        assertThat(waybill.deadLetters(queue)
                        .browse(DeadLetterFilter.all(), 0, 10)
                        .get(0)
                        .key())
                .contains("a");
        mended.countDown();
        assertThat(waybill.deadLetters(queue)
                        .redrive(DeadLetterFilter.all())
                        .run()
                        .moved())
                .isEqualTo(1);
        await().untilAsserted(() -> assertThat(handled).hasSize(7).endsWith("a2"));
    }

    @Test
    void c1_5_eachKeyIsWithOneConsumerAtATimeWhileTheyJoinAndLeave() {
        Queue<String> queue = newOrderedQueue().build();
        Subscription first = consume(another(), queue, 4, "first", 2);
        sendAll(waybill.producer(queue), numbered(20, 100));
        awaitHandled(100);
        Subscription second = consume(another(), queue, 4, "second", 2);
        awaitHandled(600);
        consume(another(), queue, 4, "third", 2);
        awaitHandled(900);
        assertThat(first.close(harness().patience())).isTrue();
        awaitHandled(1400);
        assertThat(second.close(harness().patience())).isTrue();
        awaitHandled(2000);
        assertInOrder();
        assertThat(ledger.overlaps()).isEmpty();
        assertThat(waybill.deadLetters(queue).count()).isZero();
    }

    @Test
    @ResourceLock(BROKER)
    void c1_6_afterLostConnectionsEachKeyGoesOnInOrder() {
        Optional<Consumer<Waybill>> loseConnections = harness().loseConnections();
        assumeTrue(loseConnections.isPresent(), "the harness cannot cut connections");
        Queue<String> queue = newOrderedQueue()
                .maxDeliveries(10)
                .lockDuration(harness().shortLock())
                .build();
        Waybill consuming = another();
        Subscription subscription = consume(consuming, queue, 4, "only", 2);
        sendAll(waybill.producer(queue), numbered(10, 100));
        awaitHandled(100);
        loseConnections.get().accept(consuming);
        awaitHandled(1000);
        assertInOrder();
        assertThat(waybill.deadLetters(queue).count()).isZero();
        await().untilAsserted(() -> assertThat(subscription.state()).isEqualTo(Subscription.State.RUNNING));
    }

    @Test
    void c1_7_whatWasNotStartedComesToAnotherInOrder() throws Exception {
        Queue<String> queue = newOrderedQueue().build();
        CountDownLatch started = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        Subscription first = another().consumer(queue).concurrency(2).start(delivery -> {
            ledger.begins(delivery, "first");
            started.countDown();
            go.await();
            ledger.ends(delivery);
        });
        sendAll(waybill.producer(queue), numbered(4, 10));
        assertThat(started.await(harness().patience().toMillis(), TimeUnit.MILLISECONDS))
                .isTrue();
        Thread closing = new Thread(() -> first.close(harness().patience()));
        closing.start();
        consume(another(), queue, 4, "second", 0);
        // Of the keys that are being handled nothing may start elsewhere.
        stays(
                "the keys that are being handled",
                () -> assertThat(ledger.overlaps()).isEmpty());
        go.countDown();
        closing.join();
        awaitHandled(40);
        assertInOrder();
        assertThat(ledger.overlaps()).isEmpty();
    }

    @Test
    void c1_8_whatHasNoOrderIsRefused() {
        Queue<String> queue = newOrderedQueue().build();
        Producer<String> producer = waybill.producer(queue);
        assertThatThrownBy(() -> producer.send(Message.of("no key")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has no key")
                .hasMessageContaining(queue.name());
        assertThatThrownBy(() -> producer.sendAll(List.of(message("good", "a"), Message.of("no key"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has no key");
        assertThatThrownBy(() -> producer.send(Message.with("late")
                        .key("a")
                        .delay(Duration.ofMinutes(1))
                        .build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("60000 ms")
                .hasMessageContaining(queue.name());
        assertThatThrownBy(() -> newOrderedQueue().priorities(3).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ordered by key and has priorities");
        assertThat(waybill.depth(queue)).isZero();
    }
}
