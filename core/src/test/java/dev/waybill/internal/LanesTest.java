package dev.waybill.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.PriorityPolicy;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import dev.waybill.inmemory.SettableTime;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A consumer of several lanes, most of which are empty most of the time. */
@Timeout(60)
class LanesTest {
    private final Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")));
    private final Queue<String> queue = Queue.named("lanes", Codec.text())
            .priorities(PriorityPolicy.strict(10).aging(Duration.ofMinutes(1)))
            .build();
    private final List<String> handled = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        List<String> violations = look().violations();
        waybill.close();
        assertThat(violations).isEmpty();
    }

    private InMemoryInspection look() {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    private static Message<String> message(int level) {
        return Message.with("level " + level).priority(level).build();
    }

    @Test
    void trialsOfAHalfOpenBreakerDoNotWaitForLanesThatAreEmpty() {
        CircuitBreaker breaker = CircuitBreaker.of(
                "trial",
                CircuitBreakerConfig.custom()
                        .permittedNumberOfCallsInHalfOpenState(3)
                        .build());
        breaker.transitionToOpenState();
        breaker.transitionToHalfOpenState();
        waybill.consumer(queue)
                .concurrency(4)
                .circuitBreaker(breaker)
                .start(delivery -> handled.add(delivery.payload()));
        Producer<String> producer = waybill.producer(queue);
        for (int i = 0; i < 20; i++) {
            producer.sendAndWait(message(0));
        }
        await().untilAsserted(() -> assertThat(handled).hasSize(20));
        assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void aBadHighMessageDoesNotTakeAllTrialsOfAHalfOpenBreaker() {
        CircuitBreaker breaker = CircuitBreaker.of(
                "trial",
                CircuitBreakerConfig.custom()
                        .permittedNumberOfCallsInHalfOpenState(4)
                        .build());
        breaker.transitionToOpenState();
        breaker.transitionToHalfOpenState();
        Producer<String> producer = waybill.producer(queue);
        producer.sendAndWait(message(9));
        waybill.consumer(queue).circuitBreaker(breaker).start(delivery -> {
            if (delivery.priority() == 9) {
                if (!delivery.redelivered()) {
                    await().until(() -> look().held("lanes") >= 4);
                }
                throw new IllegalStateException("bad");
            }
            handled.add(delivery.payload());
        });
        for (int i = 0; i < 10; i++) {
            producer.sendAndWait(message(0));
        }
        await().untilAsserted(() -> assertThat(handled).hasSize(10));
        assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void aWaitThatWasAskedForAndTheTimeAmongTheDeadLettersDoNotCount() throws Exception {
        SettableTime time = new SettableTime();
        Queue<String> aging = Queue.named("aging", Codec.text())
                .priorities(PriorityPolicy.strict(4).aging(Duration.ofSeconds(1)))
                .build();
        try (Waybill slow = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory")).time(time))) {
            InMemoryInspection look = slow.unwrap(InMemoryInspection.class).orElseThrow();
            Producer<String> producer = slow.producer(aging);
            producer.sendAndWait(
                    Message.with("delayed").delay(Duration.ofHours(20)).build());
            producer.sendAndWait(Message.with("retried").priority(1).build());
            producer.sendAndWait(Message.with("dead").priority(2).build());
            CountDownLatch go = new CountDownLatch(1);
            CountDownLatch entered = new CountDownLatch(1);
            slow.consumer(aging).startReturning(delivery -> {
                if (delivery.payload().equals("blocker")) {
                    entered.countDown();
                    go.await();
                } else if (delivery.payload().equals("dead") && !delivery.redelivered()) {
                    return Outcome.deadLetter("for now");
                } else if (delivery.payload().equals("retried") && !delivery.redelivered()) {
                    return Outcome.retry(Duration.ofHours(20));
                } else {
                    handled.add(delivery.payload());
                }
                return Outcome.accept();
            });
            await().until(() ->
                    look.delayed("aging") == 1 && look.delayed("aging.p1") == 1 && look.deadLetters("aging") == 1);
            producer.sendAndWait(Message.with("blocker").priority(3).build());
            entered.await();
            time.advance(Duration.ofHours(20));
            slow.deadLetters(aging).redrive(DeadLetterFilter.all()).run();
            producer.sendAndWait(Message.with("high").priority(3).build());
            // The lock of the blocker has ended, so that it has come again.
            await().until(() -> look.held("aging") == 1
                    && look.held("aging.p1") == 1
                    && look.held("aging.p2") == 1
                    && look.held("aging.p3") == 2);
            go.countDown();
            await().untilAsserted(() -> assertThat(handled).hasSize(4));
            assertThat(handled).startsWith("high");
        }
    }

    /** While there is always something of a high level nobody comes upon it. */
    @Test
    void whatIsLostInALaneGivesItsRoomToOthers() throws Exception {
        Producer<String> producer = waybill.producer(queue);
        producer.sendAndWait(message(9));
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Subscription subscription = waybill.consumer(queue).prefetch(2).start(delivery -> {
            entered.countDown();
            go.await();
            handled.add(delivery.payload());
        });
        entered.await();
        for (int i = 0; i < 3; i++) {
            producer.sendAndWait(message(0));
        }
        await().until(() -> subscription.health().messages() == 3);
        look().disconnect();
        await().until(() -> subscription.health().messages() == 1);
        go.countDown();
        await().until(() -> handled.stream().filter("level 0"::equals).count() == 3);
    }

    @Test
    void whileItIsPausedNothingStartsInAnyLaneAndAfterwardsAllGoOn() {
        Subscription subscription = waybill.consumer(queue).start(delivery -> handled.add(delivery.payload()));
        Producer<String> producer = waybill.producer(queue);
        subscription.pause();
        for (int level = 0; level < 10; level++) {
            producer.sendAndWait(message(level));
        }
        await().during(Duration.ofMillis(200))
                .untilAsserted(() -> assertThat(handled).isEmpty());
        subscription.resume();
        await().untilAsserted(() -> assertThat(handled).hasSize(10));
    }

    @Test
    void noMoreIsHeldThanIsHandledAndThePrefetchOfEachLane() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        Subscription subscription =
                waybill.consumer(queue).concurrency(2).prefetch(3).start(delivery -> go.await());
        Producer<String> producer = waybill.producer(queue);
        for (int level : new int[] {0, 9}) {
            for (int i = 0; i < 50; i++) {
                producer.sendAndWait(message(level));
            }
        }
        await().untilAsserted(() -> assertThat(subscription.health().messages()).isEqualTo(2 + 3 + 3));
        await().during(Duration.ofMillis(200))
                .untilAsserted(
                        () -> assertThat(subscription.health().messages()).isEqualTo(2 + 3 + 3));
        go.countDown();
    }

    @Test
    void withoutPrefetchWhatIsNextIsFetchedWhileAHandlerRuns() {
        Producer<String> producer = waybill.producer(queue);
        for (int i = 0; i < 10; i++) {
            producer.sendAndWait(message(0));
            producer.sendAndWait(message(9));
        }
        Subscription[] subscription = new Subscription[1];
        CountDownLatch started = new CountDownLatch(1);
        subscription[0] = waybill.consumer(queue).prefetch(0).start(delivery -> {
            started.await();
            int highs = Collections.frequency(handled, "level 9") + (delivery.priority() == 9 ? 1 : 0);
            if (highs < 10) {
                // It is handled itself, and the first of both levels are at hand.
                await().until(() -> subscription[0].health().messages() == 3);
            }
            handled.add(delivery.payload());
        });
        started.countDown();
        await().untilAsserted(() -> assertThat(handled).hasSize(20));
        // The first may have come before any other was at hand.
        assertThat(handled.subList(1, 10)).containsOnly("level 9");
    }

    @Test
    void aBatchIsOfTheHighestLevelIfThereIsEnoughOfThat() {
        List<List<Integer>> batches = new CopyOnWriteArrayList<>();
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch started = new CountDownLatch(1);
        Subscription subscription = waybill.consumer(queue).prefetch(2).startBatch(8, batch -> {
            started.countDown();
            go.await();
            batches.add(batch.stream().map(Delivery::priority).toList());
            return batch.stream().map(delivery -> Outcome.accept()).toList();
        });
        Producer<String> producer = waybill.producer(queue);
        producer.sendAndWait(message(5));
        // Else the first batch may have one of those that are to come together.
        await().until(() -> started.getCount() == 0);
        for (int i = 0; i < 8; i++) {
            producer.sendAndWait(message(0));
            producer.sendAndWait(message(9));
        }
        await().untilAsserted(() -> assertThat(subscription.health().messages()).isEqualTo(17));
        go.countDown();
        await().untilAsserted(() ->
                assertThat(batches.stream().mapToInt(List::size).sum()).isEqualTo(17));
        assertThat(batches).contains(List.of(9, 9, 9, 9, 9, 9, 9, 9));
    }

    @Test
    void aSendToALaneThatWasNotOpenFailsAfterTheCloseAsAnyOther() {
        Producer<String> producer = waybill.producer(queue);
        producer.close();
        assertThat(producer.send(message(7)))
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(
                        SendException.class,
                        failure -> assertThat(failure.reason()).isEqualTo(SendException.Reason.CLOSED));
    }

    @Test
    void theFirstSendToALaneWaitsForTheBrokerLikeAnyOther() {
        Producer<String> producer = waybill.producer(queue);
        look().goDown();
        CompletableFuture<Void> sent = producer.send(message(7));
        assertThat(sent).isNotDone();
        look().comeBack();
        assertThat(sent).succeedsWithin(Duration.ofSeconds(20));
        assertThat(waybill.depths(queue)).containsEntry(7, 1L);
    }

    @Test
    void aCloseWaitsForALaneThatIsJustBeingOpened() {
        for (int level = 1; level < 10; level++) {
            Producer<String> producer = waybill.producer(queue);
            CompletableFuture<Void> sent = producer.send(message(level));
            producer.close();
            assertThat(sent).succeedsWithin(Duration.ofSeconds(5));
        }
        assertThat(look().openSenders()).isZero();
    }

    @Test
    void whatIsLeftInTheFirstLaneOfAQueueWhoseLevelsTheBrokerKeptApartHasItsLevel() throws Exception {
        Producer<String> producer = waybill.producer(queue);
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        producer.sendAndWait(message(9));
        Subscription subscription = waybill.consumer(queue).prefetch(4).start(delivery -> {
            entered.countDown();
            go.await();
            handled.add(delivery.payload() + " at " + delivery.priority());
        });
        entered.await();
        producer.sendAndWait(message(0));
        producer.sendAndWait(message(1));
        for (String level : List.of("2", "9", "31")) {
            look().put("lanes", Map.of("waybill-priority", level), ("put " + level).getBytes(UTF_8));
        }
        await().until(() -> subscription.health().messages() == 6);
        go.countDown();
        await().untilAsserted(() -> assertThat(handled)
                .containsExactly(
                        "level 9 at 9", "put 9 at 9", "put 31 at 9", "put 2 at 2", "level 1 at 1", "level 0 at 0"));
    }

    /** A queue whose levels the broker keeps apart; what is delayed loses its own meanwhile. */
    private static final class KeptByBroker implements AutoCloseable {
        final Waybill waybill = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=rabbitmq")));
        final InMemoryInspection look = waybill.unwrap(InMemoryInspection.class).orElseThrow();
        final Queue<String> queue =
                Queue.named("kept", Codec.text()).priorities(10).build();
        final Producer<String> producer = waybill.producer(queue);

        void sendLater(int level, Duration delay) {
            producer.sendAndWait(Message.with("late level " + level)
                    .priority(level)
                    .delay(delay)
                    .build());
        }

        @Override
        public void close() {
            waybill.close();
            assertThat(look.violations()).isEmpty();
        }
    }

    @Test
    void whatWasDelayedGoesOnToItsLevelThoughAllHandlersAreBusy() throws Exception {
        try (KeptByBroker broker = new KeptByBroker()) {
            CountDownLatch entered = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            broker.producer.sendAndWait(message(0));
            Subscription subscription = broker.waybill
                    .consumer(broker.queue)
                    .prefetch(8)
                    .start(delivery -> {
                        entered.countDown();
                        go.await();
                        handled.add(delivery.payload() + " at " + delivery.priority());
                        assertThat(delivery.deliveryCount()).isEqualTo(1);
                        assertThat(delivery.redelivered()).isFalse();
                        assertThat(delivery.headers()).isEmpty();
                    });
            entered.await();
            broker.producer.sendAndWait(message(5));
            broker.sendLater(9, Duration.ofMillis(50));
            broker.sendLater(1, Duration.ofMillis(10));
            assertThat(broker.waybill.depths(broker.queue)).containsOnlyKeys(0);
            await().until(() -> broker.look.held("kept") == 4 && broker.look.held("kept.due") == 0);
            go.countDown();
            await().untilAsserted(() -> assertThat(handled)
                    .containsExactly("level 0 at 0", "late level 9 at 9", "level 5 at 5", "late level 1 at 1"));
            assertThat(subscription.close(Duration.ofSeconds(5))).isTrue();
        }
    }

    @Test
    void allThatIsDueGoesOnThoughAllHandlersAreBusy() throws Exception {
        try (KeptByBroker broker = new KeptByBroker()) {
            CountDownLatch entered = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            broker.producer.sendAndWait(message(0));
            for (int i = 0; i < 20; i++) {
                broker.sendLater(i % 10, Duration.ofMillis(1));
            }
            broker.waybill.consumer(broker.queue).prefetch(2).start(delivery -> {
                entered.countDown();
                go.await();
                handled.add(delivery.payload());
            });
            entered.await();
            await().until(() -> broker.look.held("kept.due") == 0 && broker.look.depth("kept.due") == 0);
            go.countDown();
            await().untilAsserted(() -> assertThat(handled).hasSize(21));
        }
    }

    @Test
    void whatCannotGoOnTakesNoRoomFromOthers() {
        try (KeptByBroker broker = new KeptByBroker()) {
            for (int i = 0; i < 20; i++) {
                broker.sendLater(1, Duration.ofMillis(1));
            }
            for (int i = 0; i < 50; i++) {
                broker.producer.sendAndWait(message(0));
            }
            broker.look.block("no room");
            broker.waybill.consumer(broker.queue).prefetch(2).start(delivery -> handled.add(delivery.payload()));
            await().untilAsserted(() -> assertThat(handled).hasSize(50));
            await().until(() -> broker.look.held("kept.due") == 2);
            broker.look.unblock();
            await().untilAsserted(() -> assertThat(handled).hasSize(70));
            assertThat(broker.waybill.depth(broker.queue)).isZero();
        }
    }

    @Test
    void whatIsDueAndCannotBeReadGoesToTheDeadLetters() {
        try (KeptByBroker broker = new KeptByBroker()) {
            broker.waybill.consumer(broker.queue).start(delivery -> handled.add(delivery.payload()));
            broker.look.put("kept.due", Map.of("waybill-priority", "high"), "bad".getBytes(UTF_8));
            broker.look.put("kept.due", Map.of("waybill-priority", "3"), "good".getBytes(UTF_8));
            await().untilAsserted(
                            () -> assertThat(broker.look.deadLetters("kept")).isEqualTo(1));
            await().untilAsserted(() -> assertThat(handled).containsExactly("good"));
        }
    }

    @Test
    void whatStarvesThroughManyConsumersDoesNotDieOfIt() throws Exception {
        Queue<String> often = Queue.named("often", Codec.text())
                .maxDeliveries(2)
                .priorities(2)
                .build();
        try (Waybill counting = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=kafka")))) {
            InMemoryInspection look = counting.unwrap(InMemoryInspection.class).orElseThrow();
            Producer<String> producer = counting.producer(often);
            List<Runnable> ends = new ArrayList<>();
            for (int consumer = 0; consumer < 5; consumer++) {
                CountDownLatch go = new CountDownLatch(1);
                Subscription next = counting.consumer(often).prefetch(1).start(delivery -> {
                    assertThat(delivery.priority()).isEqualTo(1);
                    go.await();
                });
                // One that it handles and one that is at hand, since the consumer before has as many.
                int highs = ends.isEmpty() ? 2 : 4;
                producer.sendAndWait(message(1));
                producer.sendAndWait(message(1));
                await().until(() -> look.held("often.p1") == highs);
                if (ends.isEmpty()) {
                    producer.sendAndWait("low");
                } else {
                    ends.get(consumer - 1).run();
                }
                await().until(() -> look.held("often") == 1);
                ends.add(() -> {
                    int held = look.held("often.p1");
                    Thread closing = new Thread(next::close);
                    closing.start();
                    // Once what was not started has gone back, or it would start.
                    await().until(() -> look.held("often.p1") < held);
                    go.countDown();
                    await().until(() -> !closing.isAlive());
                });
            }
            List<Integer> counts = new CopyOnWriteArrayList<>();
            ends.get(ends.size() - 1).run();
            counting.consumer(often).start(delivery -> {
                if (delivery.payload().equals("low")) {
                    counts.add(delivery.deliveryCount());
                }
            });
            await().untilAsserted(() -> assertThat(counts).containsExactly(2));
            assertThat(look.deadLetters("often")).isZero();
        }
    }

    @Test
    void oneLevelThatIsNotThereSendsNoneOfMany() {
        Producer<String> producer = waybill.producer(queue);
        assertThatThrownBy(() -> producer.sendAll(List.of(message(1), message(10))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 to 9");
        assertThat(waybill.depth(queue)).isZero();
    }

    @Test
    void aLevelThatIsDeclaredLaterIsThereBesideConsumersThatDoNotKnowIt() {
        waybill.consumer(queue).start(delivery -> handled.add("old " + delivery.payload()));
        Queue<String> more = Queue.named("lanes", Codec.text())
                .priorities(PriorityPolicy.strict(12).aging(Duration.ofMinutes(1)))
                .build();
        waybill.consumer(more).start(delivery -> handled.add("new " + delivery.payload()));
        waybill.producer(more).sendAndWait(message(11));
        await().untilAsserted(() -> assertThat(handled).containsExactly("new level 11"));
        waybill.producer(queue).sendAndWait(message(9));
        await().untilAsserted(() -> assertThat(handled).hasSize(2));
    }

    @Test
    void theHealthIsThatOfTheQueueWhicheverLanesAreOpen() {
        Producer<String> producer = waybill.producer(queue);
        producer.sendAndWait(message(0));
        producer.sendAndWait(message(9));
        assertThat(waybill.health().components())
                .filteredOn(part -> part.kind().equals("producer"))
                .hasSize(2)
                .allSatisfy(part -> assertThat(part.name()).isEqualTo("lanes"));
    }

    @Test
    void depthsAreByLevel() {
        Producer<String> producer = waybill.producer(queue);
        producer.sendAndWait(message(0));
        producer.sendAndWait(message(9));
        producer.sendAndWait(message(9));
        assertThat(waybill.depths(queue))
                .hasSize(10)
                .containsEntry(0, 1L)
                .containsEntry(5, 0L)
                .containsEntry(9, 2L);
        assertThat(waybill.depth(queue)).isEqualTo(3);
    }
}
