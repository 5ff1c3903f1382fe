package dev.waybill.internal;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a subscription ends, whatever the broker does meanwhile and however little time it is given. */
@Timeout(60)
class CloseTest {
    private final List<Waybill> opened = new ArrayList<>();

    private Waybill open(String broker, String uri) {
        Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", broker, "waybill.uri", uri)));
        opened.add(waybill);
        return waybill;
    }

    private static InMemoryInspection look(Waybill waybill) {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        SessionProvider.answers.countDown();
        opened.forEach(Waybill::close);
        opened.forEach(
                waybill -> assertThat(look(waybill).violations()).as("breaches").isEmpty());
    }

    private static void send(Waybill waybill, Queue<String> queue, int count) {
        Producer<String> producer = waybill.producer(queue);
        for (int number = 1; number <= count; number++) {
            producer.sendAndWait(Message.with("m" + number).key("k" + number).build());
        }
    }

    /** A subscription that holds so many, one of which its handler has, until it may end. */
    private static Subscription hold(Waybill waybill, Queue<String> queue, int count, CountDownLatch end) {
        Subscription subscription = waybill.consumer(queue).prefetch(count - 1).start(delivery -> end.await());
        await().until(() -> look(waybill).held(queue.name()) == count);
        return subscription;
    }

    /** Closes one that holds ten and handles one, which ends; where a return counts, nine have one delivery less then. */
    private static void passThrough(Waybill waybill, Queue<String> queue) throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        Subscription subscription = hold(waybill, queue, 10, end);
        Thread closing = new Thread(() -> subscription.close(ofSeconds(20)));
        closing.start();
        await().until(() -> look(waybill).held(queue.name()) == 1);
        end.countDown();
        closing.join();
    }

    /** Of eleven, ten at what is for most of them the last delivery. */
    private static Subscription holdLast(Waybill waybill, CountDownLatch end) throws InterruptedException {
        send(waybill, twice(), 11);
        passThrough(waybill, twice());
        return hold(waybill, twice(), 10, end);
    }

    private static Queue<String> twice() {
        return Queue.named("q", Codec.text()).maxDeliveries(2).build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"in-memory:?emulate=kafka", "in-memory:?emulate=sqs"})
    void whatWouldDieOfItsReturnIsSentOnAlsoIfThatFailsForAMoment(String uri) throws Exception {
        Waybill waybill = open("in-memory", uri);
        CountDownLatch end = new CountDownLatch(1);
        Subscription second = holdLast(waybill, end);
        look(waybill).refuseSends(15, SendException.Reason.CONNECTION_LOST);
        CompletableFuture<Boolean> whole = CompletableFuture.supplyAsync(() -> second.close(ofSeconds(20)));
        await().until(() -> second.health().detail().startsWith("cannot send on"));
        end.countDown();
        assertThat(whole.join()).isTrue();
        List<Integer> counts = new CopyOnWriteArrayList<>();
        waybill.consumer(twice()).start(delivery -> counts.add(delivery.deliveryCount()));
        await().until(() -> look(waybill).depth("q") == 0 && look(waybill).held("q") == 0);
        assertThat(look(waybill).deadLetters("q")).isZero();
        assertThat(counts).isNotEmpty().allMatch(count -> count <= 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"in-memory:?emulate=kafka", "in-memory:?emulate=sqs"})
    void whatIsOnItsWayAtTheDeadlineIsNotGivenBackAsWell(String uri) throws Exception {
        Waybill waybill = open("in-memory", uri);
        CountDownLatch end = new CountDownLatch(1);
        Subscription second = holdLast(waybill, end);
        look(waybill).holdConfirmations();
        Thread closing = new Thread(() -> second.close(Duration.ZERO));
        closing.start();
        // The copies; also the one whose handler was cut short is back.
        await().pollInterval(ofMillis(10)).until(() -> look(waybill).depth("q") > 1);
        assertThat(closing.isAlive()).as("it waits for the answer").isTrue();
        look(waybill).releaseConfirmations();
        closing.join();
        end.countDown();
        List<String> ids = new CopyOnWriteArrayList<>();
        waybill.consumer(twice()).start(delivery -> ids.add(delivery.id()));
        await().until(() -> look(waybill).depth("q") == 0 && look(waybill).held("q") == 0);
        assertThat(ids).doesNotHaveDuplicates().hasSizeGreaterThan(8);
    }

    @Test
    void whoHasNothingInHandEndsWholeWithoutATime() {
        Waybill waybill = open("in-memory", "in-memory:");
        AtomicInteger handled = new AtomicInteger();
        Subscription subscription =
                waybill.consumer(twice()).concurrency(4).start(delivery -> handled.incrementAndGet());
        send(waybill, twice(), 10);
        await().until(() -> handled.get() == 10 && look(waybill).held("q") == 0);
        assertThat(subscription.close(Duration.ZERO)).isTrue();
    }

    /** While a receive answers late, for which the workers wait, and the close waits for a dead letter to be stored. */
    @Test
    void nothingOfAnOrderedQueueStartsAfterTheDeadline() throws Exception {
        Queue<String> queue = Queue.named("q", Codec.text()).orderedByKey().build();
        String uri = "in-memory:close-" + System.nanoTime() + "?emulate=rabbitmq";
        Waybill waybill = open("session", uri);
        Producer<String> producer = waybill.producer(queue);
        for (int number = 1; number <= 10; number++) {
            producer.sendAndWait(Message.with("m" + number).key("k").build());
        }
        producer.sendAndWait(Message.with("dies").key("other").build());
        look(waybill).holdConfirmations();
        List<String> handled = new CopyOnWriteArrayList<>();
        Subscription subscription = waybill.consumer(queue).concurrency(2).startReturning(delivery -> {
            handled.add(delivery.payload());
            if (delivery.payload().equals("m1")) {
                SessionProvider.answers = new CountDownLatch(1);
                Thread.sleep(ofMinutes(1).toMillis());
            }
            return Outcome.deadLetter("it is to die");
        });
        await().until(() -> handled.size() == 2 && look(waybill).held("q") == 11);
        assertThat(subscription.close(ofMillis(300))).isFalse();
        look(waybill).releaseConfirmations();
        SessionProvider.answers.countDown();
        await().until(() -> look(waybill).held("q") == 0);
        assertThat(handled).containsExactlyInAnyOrder("m1", "dies");
        List<String> rest = new CopyOnWriteArrayList<>();
        open("in-memory", uri).consumer(queue).start(delivery -> rest.add(delivery.payload()));
        await().until(() -> rest.contains("m10"));
        assertThat(rest)
                .filteredOn(payload -> !payload.equals("dies"))
                .containsExactly("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10");
    }

    @Test
    void aSubscriptionThatStartsWhileAllIsClosedIsClosedToo() {
        // Not one of those that are looked at in the end: its connection ends before its receiver.
        Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "session")));
        SessionProvider.OPENED.set(waybill::close);
        assertThatThrownBy(() -> waybill.consumer(twice()).start(delivery -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThat(look(waybill).openReceivers()).isZero();
    }
}
