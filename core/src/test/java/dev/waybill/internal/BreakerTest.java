package dev.waybill.internal;

import static io.github.resilience4j.circuitbreaker.CircuitBreaker.State.CLOSED;
import static io.github.resilience4j.circuitbreaker.CircuitBreaker.State.HALF_OPEN;
import static io.github.resilience4j.circuitbreaker.CircuitBreaker.State.OPEN;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Consumer;
import dev.waybill.Delivery;
import dev.waybill.Health;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A circuit breaker around a handler, on a broker that takes uncounted returns and on one that counts each. */
@Timeout(60)
class BreakerTest {
    private final SettableClock clock = new SettableClock();
    private final List<Waybill> opened = new ArrayList<>();

    /** The time of the breaker, so that it is open for as long as a test wants. */
    private static final class SettableClock extends java.time.Clock {
        private volatile Instant now = Instant.EPOCH;

        void advance(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public java.time.Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** Opens at four failures of four, for a minute of the settable clock, and takes two trials. */
    private CircuitBreakerConfig.Builder config() {
        return CircuitBreakerConfig.custom()
                .slidingWindowType(SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(4)
                .minimumNumberOfCalls(4)
                .permittedNumberOfCallsInHalfOpenState(2)
                .clock(clock);
    }

    private CircuitBreaker breaker() {
        return CircuitBreaker.of("payments", config().build());
    }

    private Waybill open(String emulation) {
        Waybill waybill = Waybill.open(WaybillConfig.of(Map.of(
                "waybill.broker", "in-memory", "waybill.uri", "in-memory:breaker-" + System.nanoTime() + emulation)));
        opened.add(waybill);
        return waybill;
    }

    @AfterEach
    void close() {
        opened.forEach(Waybill::close);
    }

    private static Queue<String> queue(int maxDeliveries) {
        return Queue.named("q", Codec.text())
                .maxDeliveries(maxDeliveries)
                .lockDuration(ofSeconds(1))
                .retry(RetryPolicy.immediate())
                .build();
    }

    private static void send(Waybill waybill, Queue<String> queue, int count) {
        List<CompletableFuture<Void>> sends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sends.add(waybill.producer(queue).send("m" + i));
        }
        sends.forEach(CompletableFuture::join);
    }

    private static void stays(Duration time, org.awaitility.core.ThrowingRunnable check) {
        await().during(time).atMost(time.plusSeconds(5)).untilAsserted(check);
    }

    private static InMemoryInspection inspect(Waybill waybill) {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    /** A dependency of a handler, that may be down. */
    private static final class Dependency {
        private final AtomicBoolean down = new AtomicBoolean(true);
        private final AtomicInteger calls = new AtomicInteger();
        private final Map<String, Integer> callsOf = new ConcurrentHashMap<>();
        private final Map<String, Integer> highestCount = new ConcurrentHashMap<>();
        private final java.util.Set<String> done = ConcurrentHashMap.newKeySet();

        void call(Delivery<String> delivery) throws IOException {
            calls.incrementAndGet();
            callsOf.merge(delivery.id(), 1, Integer::sum);
            highestCount.merge(delivery.id(), delivery.deliveryCount(), Math::max);
            if (down.get()) {
                throw new IOException("the dependency is down");
            }
            done.add(delivery.payload());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?emulate=rabbitmq", "?emulate=kafka", "?emulate=sqs"})
    void anOutageOfManyLocksSendsNothingToTheDeadLetterQueueAndBurnsNoDelivery(String emulation) {
        Waybill waybill = open(emulation);
        Queue<String> queue = queue(5);
        CircuitBreaker breaker = breaker();
        Dependency dependency = new Dependency();
        // More than are needed to open it, so that no single one fails often before that.
        send(waybill, queue, 60);
        Subscription subscription = waybill.consumer(queue)
                .concurrency(4)
                .prefetch(8)
                .circuitBreaker(breaker)
                .start(dependency::call);
        await().until(() -> breaker.getState() == OPEN);
        for (int outage = 0; outage < 4; outage++) {
            await().until(() -> breaker.getState() == OPEN);
            int before = dependency.calls.get();
            stays(ofMillis(300), () -> assertThat(dependency.calls).hasValue(before));
            assertThat(subscription.state()).isEqualTo(Subscription.State.WAITING);
            clock.advance(ofSeconds(61));
            await().until(() -> dependency.calls.get() > before && breaker.getState() == OPEN);
            assertThat(dependency.calls).as("two trials").hasValue(before + 2);
        }
        dependency.down.set(false);
        clock.advance(ofSeconds(61));
        await().untilAsserted(() -> assertThat(dependency.done).hasSize(60));
        assertThat(breaker.getState()).isEqualTo(CLOSED);
        assertThat(subscription.state()).isEqualTo(Subscription.State.RUNNING);
        assertThat(inspect(waybill).deadLetters("q")).isZero();
        // No message was delivered more often than its handler ran.
        dependency.highestCount.forEach(
                (id, count) -> assertThat(count).as(id).isLessThanOrEqualTo(dependency.callsOf.get(id)));
        assertThat(subscription.close(ofSeconds(5))).isTrue();
        assertThat(inspect(waybill).violations()).isEmpty();
    }

    @Test
    void aCallThatFailsWhileAnotherIsOpeningTheBreakerIsHeldToo() throws InterruptedException {
        Waybill waybill = open("");
        Queue<String> queue = queue(5);
        CircuitBreaker breaker =
                CircuitBreaker.of("payments", config().minimumNumberOfCalls(1).build());
        Dependency dependency = new Dependency();
        CountDownLatch both = new CountDownLatch(2);
        CountDownLatch recorded = new CountDownLatch(1);
        // Published when it is to open, and before it is open.
        breaker.getEventPublisher().onFailureRateExceeded(event -> {
            try {
                recorded.await();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        });
        send(waybill, queue, 2);
        waybill.consumer(queue).concurrency(2).circuitBreaker(breaker).start(delivery -> {
            both.countDown();
            both.await();
            dependency.call(delivery);
        });
        await().until(() -> breaker.getMetrics().getNumberOfFailedCalls() == 2);
        stays(ofMillis(200), () -> assertThat(breaker.getState()).isEqualTo(CLOSED));
        recorded.countDown();
        await().until(() -> breaker.getState() == OPEN);
        dependency.down.set(false);
        clock.advance(ofSeconds(61));
        await().untilAsserted(() -> assertThat(dependency.done).hasSize(2));
        assertThat(dependency.highestCount.values()).containsOnly(1);
    }

    @Test
    void whatIsHeldGoesBackWhereThatIsFreeAndStaysLockedElsewhere() {
        for (String emulation : List.of("", "?emulate=kafka")) {
            Waybill waybill = open(emulation);
            Queue<String> queue = queue(5);
            CircuitBreaker breaker = breaker();
            Dependency dependency = new Dependency();
            send(waybill, queue, 30);
            waybill.consumer(queue)
                    .concurrency(4)
                    .prefetch(8)
                    .circuitBreaker(breaker)
                    .start(dependency::call);
            await().until(() -> breaker.getState() == OPEN);
            if (emulation.isEmpty()) {
                await().untilAsserted(
                                () -> assertThat(inspect(waybill).held("q")).isZero());
            } else {
                // Three locks long.
                stays(
                        ofMillis(1500),
                        () -> assertThat(inspect(waybill).held("q")).isBetween(1, 12));
            }
        }
    }

    @Test
    void aMessageAtItsLastDeliveryThatFailsInATrialIsNotDeadLettered() {
        Waybill waybill = open("");
        Queue<String> queue = queue(2);
        CircuitBreaker breaker = breaker();
        Dependency dependency = new Dependency();
        send(waybill, queue, 1);
        waybill.consumer(queue).circuitBreaker(breaker).startReturning(delivery -> {
            if (delivery.deliveryCount() == 1) {
                breaker.transitionToOpenState();
                return Outcome.retry();
            }
            dependency.call(delivery);
            return Outcome.accept();
        });
        await().until(() -> breaker.getState() == OPEN);
        for (int i = 1; i <= 4; i++) {
            clock.advance(ofSeconds(61));
            int calls = i * 2;
            await().until(() -> dependency.calls.get() == calls && breaker.getState() == OPEN);
        }
        assertThat(inspect(waybill).deadLetters("q")).isZero();
        assertThat(dependency.highestCount.values()).containsExactly(2);
        dependency.down.set(false);
        clock.advance(ofSeconds(61));
        await().untilAsserted(() -> assertThat(dependency.done).hasSize(1));
    }

    @Test
    void aFailureWhileTheBreakerStaysClosedIsCountedAndDeadLettered() {
        Waybill waybill = open("");
        Queue<String> queue = queue(3);
        CircuitBreaker breaker = CircuitBreaker.ofDefaults("payments");
        AtomicInteger bad = new AtomicInteger();
        send(waybill, queue, 3);
        waybill.consumer(queue).circuitBreaker(breaker).start(delivery -> {
            if (delivery.payload().equals("m0")) {
                bad.incrementAndGet();
                throw new IOException("this one only");
            }
        });
        await().untilAsserted(
                        () -> assertThat(inspect(waybill).deadLetters("q")).isEqualTo(1));
        assertThat(bad).hasValue(3);
        assertThat(breaker.getState()).isNotEqualTo(OPEN);
    }

    @Test
    void whatTheBreakerIgnoresIsAnOrdinaryFailureAlsoInATrial() {
        Waybill waybill = open("");
        Queue<String> queue = queue(2);
        CircuitBreaker breaker = CircuitBreaker.of(
                "payments",
                config().ignoreExceptions(IllegalArgumentException.class).build());
        breaker.transitionToOpenState();
        send(waybill, queue, 1);
        waybill.consumer(queue).circuitBreaker(breaker).start(delivery -> {
            throw new IllegalArgumentException("the message is wrong, not the dependency");
        });
        clock.advance(ofSeconds(61));
        await().untilAsserted(
                        () -> assertThat(inspect(waybill).deadLetters("q")).isEqualTo(1));
        assertThat(breaker.getState()).isEqualTo(HALF_OPEN);
        // The permissions were given back.
        assertThat(breaker.tryAcquirePermission()).isTrue();
        assertThat(breaker.tryAcquirePermission()).isTrue();
        assertThat(breaker.tryAcquirePermission()).isFalse();
    }

    @Test
    void justThePermittedTrialsGoThroughAndIdleConsumersHoardNone() throws Exception {
        Waybill waybill = open("");
        CircuitBreaker breaker = breaker();
        breaker.transitionToOpenState();
        Queue<String> busy = queue(5);
        Queue<String> idle = Queue.ofText("idle");
        AtomicInteger running = new AtomicInteger();
        CountDownLatch finish = new CountDownLatch(1);
        for (int i = 0; i < 3; i++) {
            waybill.consumer(idle).concurrency(8).circuitBreaker(breaker).start(delivery -> {});
        }
        waybill.consumer(busy).concurrency(16).circuitBreaker(breaker).start(delivery -> {
            running.incrementAndGet();
            finish.await();
        });
        send(waybill, busy, 50);
        stays(ofMillis(300), () -> assertThat(running).hasValue(0));
        clock.advance(ofSeconds(61));
        await().until(() -> running.get() == 2);
        stays(ofMillis(500), () -> assertThat(running).hasValue(2));
        finish.countDown();
        await().until(() -> running.get() == 50);
        assertThat(breaker.getState()).isEqualTo(CLOSED);
    }

    @Test
    void anIdleSubscriptionLetsTheBreakerBecomeHalfOpenByItself() {
        Waybill waybill = open("");
        CircuitBreaker breaker = breaker();
        breaker.transitionToOpenState();
        Subscription subscription =
                waybill.consumer(queue(5)).circuitBreaker(breaker).start(delivery -> {});
        Health.Component health = subscription.health();
        assertThat(health.status()).isEqualTo(Health.Status.DEGRADED);
        assertThat(health.detail()).contains("payments").contains("OPEN");
        clock.advance(ofSeconds(61));
        await().until(() -> breaker.getState() == HALF_OPEN);
        // Asking has cost no trial.
        assertThat(breaker.tryAcquirePermission()).isTrue();
        assertThat(breaker.tryAcquirePermission()).isTrue();
    }

    @Test
    void aForcedOpenBreakerHoldsUntilItIsClosedAgain() {
        Waybill waybill = open("?emulate=sqs");
        Queue<String> queue = queue(5);
        CircuitBreaker breaker = breaker();
        Dependency dependency = new Dependency();
        dependency.down.set(false);
        waybill.consumer(queue).concurrency(4).circuitBreaker(breaker).start(dependency::call);
        breaker.transitionToForcedOpenState();
        send(waybill, queue, 20);
        stays(ofMillis(700), () -> assertThat(dependency.calls).hasValue(0));
        breaker.transitionToClosedState();
        await().untilAsserted(() -> assertThat(dependency.done).hasSize(20));
        assertThat(dependency.calls).hasValue(20);
    }

    @Test
    void closedAgainAllWorkersGoOn() throws Exception {
        Waybill waybill = open("?emulate=kafka");
        Queue<String> queue = queue(5);
        CircuitBreaker breaker = breaker();
        breaker.transitionToForcedOpenState();
        send(waybill, queue, 32);
        CountDownLatch all = new CountDownLatch(32);
        waybill.consumer(queue).concurrency(32).circuitBreaker(breaker).start(delivery -> {
            all.countDown();
            all.await();
        });
        stays(ofMillis(200), () -> assertThat(all.getCount()).isEqualTo(32));
        breaker.transitionToClosedState();
        assertThat(all.await(1, java.util.concurrent.TimeUnit.SECONDS))
                .as("32 at once within a second")
                .isTrue();
    }

    @Test
    void pauseWinsOverAClosedBreakerAndAnOpenBreakerOverResume() {
        Waybill waybill = open("");
        Queue<String> queue = queue(5);
        CircuitBreaker breaker = breaker();
        Dependency dependency = new Dependency();
        dependency.down.set(false);
        Subscription subscription =
                waybill.consumer(queue).circuitBreaker(breaker).start(dependency::call);
        breaker.transitionToForcedOpenState();
        subscription.pause();
        send(waybill, queue, 5);
        breaker.transitionToClosedState();
        stays(ofMillis(200), () -> assertThat(dependency.calls).hasValue(0));
        assertThat(subscription.state()).isEqualTo(Subscription.State.PAUSED);
        breaker.transitionToForcedOpenState();
        subscription.resume();
        stays(ofMillis(200), () -> assertThat(dependency.calls).hasValue(0));
        assertThat(subscription.state()).isEqualTo(Subscription.State.WAITING);
        subscription.concurrency(4);
        breaker.transitionToClosedState();
        await().untilAsserted(() -> assertThat(dependency.done).hasSize(5));
    }

    @Test
    void closingWhileOpenGivesEverythingBackAtOnce() {
        for (String emulation : List.of("", "?emulate=kafka")) {
            Waybill waybill = open(emulation);
            Queue<String> queue = queue(5);
            CircuitBreaker breaker = breaker();
            Dependency dependency = new Dependency();
            send(waybill, queue, 20);
            Subscription subscription = waybill.consumer(queue)
                    .concurrency(4)
                    .circuitBreaker(breaker)
                    .start(dependency::call);
            await().until(() -> breaker.getState() == OPEN);
            assertThat(subscription.close(ofSeconds(5))).as("drained").isTrue();
            Dependency works = new Dependency();
            works.down.set(false);
            waybill.consumer(queue).concurrency(4).start(works::call);
            await().untilAsserted(() -> assertThat(works.done).hasSize(20));
            assertThat(inspect(waybill).deadLetters("q")).isZero();
        }
    }

    @Test
    void whatWasHeldWhenTheConnectionWasLostComesAgainOnce() {
        Waybill waybill = open("?emulate=kafka");
        Queue<String> queue = queue(10);
        CircuitBreaker breaker = breaker();
        Dependency dependency = new Dependency();
        send(waybill, queue, 20);
        waybill.consumer(queue).concurrency(4).circuitBreaker(breaker).start(dependency::call);
        await().until(() -> breaker.getState() == OPEN);
        inspect(waybill).disconnect();
        dependency.down.set(false);
        int before = dependency.calls.get();
        stays(ofMillis(200), () -> assertThat(dependency.calls).hasValue(before));
        breaker.transitionToClosedState();
        await().untilAsserted(() -> assertThat(dependency.done).hasSize(20));
        stays(ofMillis(200), () -> assertThat(dependency.calls).hasValue(before + 20));
    }

    @Test
    void twoConsumersShareABreakerByName() {
        Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory"))
                .with("waybill.circuit-breaker.payments.sliding-window-size", "4")
                .with("waybill.circuit-breaker.payments.minimum-number-of-calls", "4"));
        opened.add(waybill);
        Dependency dependency = new Dependency();
        Subscription failing = waybill.consumer(Queue.ofText("a"))
                .concurrency(4)
                .circuitBreaker("payments")
                .start(dependency::call);
        Subscription other =
                waybill.consumer(Queue.ofText("b")).circuitBreaker("payments").start(delivery -> {});
        for (int i = 0; i < 4; i++) {
            waybill.producer(Queue.ofText("a")).send("m" + i).join();
        }
        await().until(() ->
                failing.state() == Subscription.State.WAITING && other.state() == Subscription.State.WAITING);
        assertThat(waybill.circuitBreakers().circuitBreaker("payments").getState())
                .isEqualTo(OPEN);
    }

    @Test
    void anApplicationsRegistryIsUsedWithItsDefaultsAndItsEvents() {
        CircuitBreakerRegistry registry = CircuitBreakerRegistry.of(config().build());
        AtomicInteger failures = new AtomicInteger();
        registry.getEventPublisher()
                .onEntryAdded(added ->
                        added.getAddedEntry().getEventPublisher().onError(event -> failures.incrementAndGet()));
        Waybill waybill = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory")).circuitBreakers(registry));
        opened.add(waybill);
        Dependency dependency = new Dependency();
        Queue<String> queue = queue(5);
        waybill.consumer(queue).circuitBreaker("anything").start(dependency::call);
        send(waybill, queue, 10);
        await().until(() -> registry.circuitBreaker("anything").getState() == OPEN);
        assertThat(failures).hasValue(4);
        assertThat(waybill.circuitBreakers()).isSameAs(registry);
    }

    @Test
    void anAsynchronousHandlerCountsUntilItsStageCompletes() {
        Waybill waybill = open("");
        Queue<String> queue = queue(5);
        CircuitBreaker breaker = breaker();
        List<CompletableFuture<Outcome>> stages = new CopyOnWriteArrayList<>();
        send(waybill, queue, 4);
        waybill.consumer(queue).concurrency(4).circuitBreaker(breaker).startAsync(delivery -> {
            if (stages.size() == 4) {
                // One that comes again before the breaker is open: the close would wait for a stage that nobody
                // completes.
                return CompletableFuture.failedFuture(new IOException("again"));
            }
            CompletableFuture<Outcome> stage = new CompletableFuture<>();
            stages.add(stage);
            return stage;
        });
        await().until(() -> stages.size() == 4);
        assertThat(breaker.getMetrics().getNumberOfBufferedCalls()).isZero();
        List.copyOf(stages).forEach(stage -> stage.completeExceptionally(new IOException("later")));
        await().until(() -> breaker.getState() == OPEN);
        assertThat(breaker.getMetrics().getNumberOfFailedCalls()).isEqualTo(4);
    }

    @Test
    void aBatchIsOneCall() {
        Waybill waybill = open("");
        Queue<String> queue = queue(10);
        CircuitBreaker breaker = breaker();
        AtomicInteger calls = new AtomicInteger();
        AtomicBoolean down = new AtomicBoolean(true);
        AtomicInteger handled = new AtomicInteger();
        send(waybill, queue, 40);
        Consumer<String> consumer = waybill.consumer(queue).prefetch(100).circuitBreaker(breaker);
        consumer.startBatch(10, batch -> {
            calls.incrementAndGet();
            if (down.get()) {
                throw new IOException("down");
            }
            handled.addAndGet(batch.size());
            return Collections.nCopies(batch.size(), Outcome.accept());
        });
        await().until(() -> breaker.getState() == OPEN);
        assertThat(calls).hasValue(4);
        clock.advance(ofSeconds(61));
        await().until(() -> calls.get() == 6 && breaker.getState() == OPEN);
        down.set(false);
        clock.advance(ofSeconds(61));
        await().untilAsserted(() -> assertThat(handled).hasValue(40));
    }

    @Test
    void slowCallsOpenItAndAreAccepted() {
        Waybill waybill = open("");
        Queue<String> queue = queue(5);
        AtomicInteger done = new AtomicInteger();
        java.util.concurrent.atomic.AtomicLong nanos = new java.util.concurrent.atomic.AtomicLong();
        CircuitBreaker breaker = CircuitBreaker.of(
                "payments",
                config().slowCallDurationThreshold(ofSeconds(2))
                        .currentTimestampFunction(any -> nanos.get(), java.util.concurrent.TimeUnit.MILLISECONDS)
                        .build());
        send(waybill, queue, 10);
        waybill.consumer(queue).circuitBreaker(breaker).start(delivery -> {
            nanos.addAndGet(2500);
            done.incrementAndGet();
        });
        await().until(() -> breaker.getState() == OPEN);
        assertThat(breaker.getMetrics().getNumberOfSlowCalls()).isEqualTo(4);
        stays(ofMillis(200), () -> assertThat(done).hasValue(4));
    }

    @Test
    void aRetryThatTheBreakerRecordsAsAFailureIsHeldToo() {
        Waybill waybill = open("");
        Queue<String> queue = queue(2);
        CircuitBreaker breaker = CircuitBreaker.of(
                "payments",
                config().recordResult(
                                result -> result instanceof Outcome outcome && outcome.kind() == Outcome.Kind.RETRY)
                        .build());
        breaker.transitionToOpenState();
        AtomicInteger calls = new AtomicInteger();
        send(waybill, queue, 1);
        waybill.consumer(queue).circuitBreaker(breaker).startReturning(delivery -> {
            calls.incrementAndGet();
            return Outcome.retry();
        });
        for (int trials = 2; trials <= 6; trials += 2) {
            clock.advance(ofSeconds(61));
            int wanted = trials;
            await().until(() -> calls.get() == wanted && breaker.getState() == OPEN);
        }
        assertThat(inspect(waybill).deadLetters("q")).isZero();
    }

    @Test
    void aPredicateThatThrowsCostsNoMessageAndNoWorker() {
        Waybill waybill = open("");
        Queue<String> queue = queue(2);
        CircuitBreaker breaker = CircuitBreaker.of(
                "payments",
                config().recordException(failure -> {
                            throw new IllegalStateException("wrong predicate");
                        })
                        .build());
        AtomicInteger calls = new AtomicInteger();
        send(waybill, queue, 3);
        waybill.consumer(queue).circuitBreaker(breaker).start(delivery -> {
            calls.incrementAndGet();
            throw new IOException("fails");
        });
        await().untilAsserted(
                        () -> assertThat(inspect(waybill).deadLetters("q")).isEqualTo(3));
        assertThat(calls).hasValue(6);
    }
}
