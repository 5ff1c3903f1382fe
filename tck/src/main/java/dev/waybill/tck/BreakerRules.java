package dev.waybill.tck;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Delivery;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Rules of circuit breakers and limits: what they hold back stays whole, uncounted and unlost. */
abstract class BreakerRules extends Chapter {
    private static final int TRIALS = 3;

    /** Opens at ten failures of ten, and takes three trials. */
    private static CircuitBreaker breaker(Duration open) {
        return CircuitBreaker.of(
                "dependency",
                CircuitBreakerConfig.custom()
                        .slidingWindowSize(10)
                        .minimumNumberOfCalls(10)
                        .failureRateThreshold(100)
                        .permittedNumberOfCallsInHalfOpenState(TRIALS)
                        .waitDurationInOpenState(open)
                        .build());
    }

    private Queue<String> shortLocked() {
        return newQueue()
                .lockDuration(harness().shortLock())
                .maxDeliveries(5)
                .retry(RetryPolicy.immediate())
                .build();
    }

    /** What a handler depends on, and what it saw while that was down. */
    private static final class Dependency {
        final AtomicBoolean down = new AtomicBoolean(true);
        final AtomicInteger calls = new AtomicInteger();
        private final Map<String, Integer> callsOf = new ConcurrentHashMap<>();
        private final Set<String> countedTooOften = ConcurrentHashMap.newKeySet();
        private final Ledger done;

        Dependency(Ledger done) {
            this.done = done;
        }

        void call(Delivery<String> delivery) throws IOException {
            calls.incrementAndGet();
            int nth = callsOf.merge(delivery.id(), 1, Integer::sum);
            if (delivery.deliveryCount() > nth) {
                countedTooOften.add("delivery " + delivery.deliveryCount() + " at call " + nth);
            }
            if (down.get()) {
                throw new IOException("down");
            }
            done.seen(delivery);
        }

        void assertNoDeliveryWithoutACall() {
            assertThat(countedTooOften)
                    .as("messages with more deliveries than calls")
                    .isEmpty();
        }
    }

    private List<Delivery<byte[]>> deadLetters(Queue<?> queue) {
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(dead::add);
        return dead;
    }

    @Test
    void b1_1_aBreakerByNameIsOneForAllConsumersThatNameItWithTheConfiguredSettings() {
        Waybill configured = another(harness()
                .config()
                .with("waybill.circuit-breaker.payments.sliding-window-size", "5")
                .with("waybill.circuit-breaker.payments.minimum-number-of-calls", "5"));
        Queue<String> queue = newQueue().build();
        Queue<String> other = newQueue().build();
        List<Subscription> subscriptions = List.of(
                configured.consumer(queue).circuitBreaker("payments").start(delivery -> {
                    throw new IOException("down");
                }),
                configured.consumer(other).circuitBreaker("payments").start(delivery -> {}));
        send(configured.producer(queue), 10, i -> "m" + i, new Ledger());
        await().until(() ->
                configured.circuitBreakers().circuitBreaker("payments").getState() == State.OPEN);
        await().untilAsserted(() ->
                assertThat(subscriptions).extracting(Subscription::state).containsOnly(Subscription.State.WAITING));
        assertThat(configured
                        .circuitBreakers()
                        .circuitBreaker("payments")
                        .getMetrics()
                        .getNumberOfFailedCalls())
                .isEqualTo(5);
    }

    @Test
    void b1_2_aFailureWhileTheBreakerStaysClosedIsCountedAndDeadLettered() {
        Queue<String> queue =
                newQueue().maxDeliveries(3).retry(RetryPolicy.immediate()).build();
        List<Delivery<byte[]>> dead = deadLetters(queue);
        Ledger good = new Ledger();
        AtomicInteger bad = new AtomicInteger();
        CircuitBreaker breaker = breaker(ofMinutes(10));
        waybill.consumer(queue).concurrency(2).circuitBreaker(breaker).start(delivery -> {
            if (delivery.payload().equals("bad")) {
                bad.incrementAndGet();
                throw new IOException("this one only");
            }
            good.seen(delivery);
        });
        send(waybill.producer(queue), 1, i -> "bad", new Ledger());
        send(waybill.producer(queue), 20, i -> "good", good);
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        awaitAllSeen(good);
        assertThat(bad).hasValue(3);
        assertThat(breaker.getState()).isEqualTo(State.CLOSED);
    }

    @Test
    void b2_1_whileOpenNothingIsHandledAndNothingGoesToTheDeadLetterQueue() {
        Queue<String> queue = shortLocked();
        List<Delivery<byte[]>> dead = deadLetters(queue);
        CircuitBreaker breaker = breaker(ofMinutes(10));
        Ledger ledger = new Ledger();
        Dependency dependency = new Dependency(ledger);
        breaker.transitionToOpenState();
        Subscription subscription =
                waybill.consumer(queue).concurrency(4).circuitBreaker(breaker).start(dependency::call);
        send(waybill.producer(queue), 50, i -> "m" + i, ledger);
        // Three locks long, and however often what is held would be delivered.
        long end = System.nanoTime() + harness().shortLock().toNanos() * 3;
        await().atMost(harness().shortLock().multipliedBy(4)).until(() -> System.nanoTime() > end);
        assertThat(dependency.calls).hasValue(0);
        assertThat(dead).isEmpty();
        assertThat(subscription.health().messages()).as("fetched").isZero();
        dependency.down.set(false);
        breaker.transitionToClosedState();
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
    }

    @Test
    void b2_2_whatTheBreakerHoldsIsHandledLaterAndNoDeliveryIsCountedForThat() {
        Queue<String> queue = shortLocked();
        List<Delivery<byte[]>> dead = deadLetters(queue);
        CircuitBreaker breaker = breaker(ofMinutes(10));
        Ledger ledger = new Ledger();
        Dependency dependency = new Dependency(ledger);
        send(waybill.producer(queue), 60, i -> "m" + i, ledger);
        waybill.consumer(queue)
                .concurrency(4)
                .prefetch(20)
                .circuitBreaker(breaker)
                .start(dependency::call);
        // One more than the deliveries that the message has.
        for (int outage = 0; outage < 6; outage++) {
            await().until(() -> breaker.getState() == State.OPEN);
            int before = dependency.calls.get();
            stays("nothing is handled", () -> assertThat(dependency.calls).hasValue(before));
            if (outage < 5) {
                breaker.transitionToHalfOpenState();
            }
        }
        dependency.down.set(false);
        breaker.transitionToClosedState();
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
        dependency.assertNoDeliveryWithoutACall();
        assertThat(dead).isEmpty();
    }

    @Test
    void b2_3_halfOpenJustThePermittedTrialCallsGoThrough() {
        Queue<String> queue = newQueue().build();
        CircuitBreaker breaker = breaker(ofMillis(500));
        CountDownLatch finish = new CountDownLatch(1);
        AtomicInteger running = new AtomicInteger();
        Ledger ledger = new Ledger();
        breaker.transitionToOpenState();
        for (int i = 0; i < 2; i++) {
            another().consumer(queue).concurrency(8).circuitBreaker(breaker).start(delivery -> {
                running.incrementAndGet();
                finish.await();
                ledger.seen(delivery);
            });
        }
        send(waybill.producer(queue), 40, i -> "m" + i, ledger);
        await().until(() -> running.get() == TRIALS);
        stays("no more", () -> assertThat(running).hasValue(TRIALS));
        finish.countDown();
        awaitAllSeen(ledger);
        assertThat(breaker.getState()).isEqualTo(State.CLOSED);
    }

    @Test
    void b2_4_aFailedTrialDoesNotCountAgainstItsMessage() {
        Queue<String> queue =
                newQueue().maxDeliveries(2).retry(RetryPolicy.immediate()).build();
        List<Delivery<byte[]>> dead = deadLetters(queue);
        CircuitBreaker breaker = breaker(ofMillis(100));
        Ledger ledger = new Ledger();
        Dependency dependency = new Dependency(ledger);
        breaker.transitionToOpenState();
        waybill.consumer(queue).circuitBreaker(breaker).start(dependency::call);
        send(waybill.producer(queue), 1, i -> "m", ledger);
        // Each outage has three trials, all of the same message.
        await().until(() -> dependency.calls.get() >= 4 * TRIALS);
        dependency.down.set(false);
        awaitAllSeen(ledger);
        assertThat(dead).isEmpty();
        dependency.assertNoDeliveryWithoutACall();
    }

    @Test
    void b2_5_closedAgainAllHandlersGoOnAtOnce() throws Exception {
        Queue<String> queue = newQueue().build();
        CircuitBreaker breaker = breaker(ofMinutes(10));
        Ledger ledger = new Ledger();
        AtomicInteger handled = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(8);
        waybill.consumer(queue).concurrency(8).circuitBreaker(breaker).start(delivery -> {
            if (delivery.payload().equals("after")) {
                all.countDown();
                all.await();
            }
            handled.incrementAndGet();
        });
        // The consumer has come to its queue.
        send(waybill.producer(queue), 10, i -> "before", ledger);
        await().until(() -> handled.get() >= 10);
        breaker.transitionToOpenState();
        send(waybill.producer(queue), 8, i -> "after", ledger);
        stays("nothing is handled", () -> assertThat(all.getCount()).isEqualTo(8));
        breaker.transitionToClosedState();
        assertThat(all.await(harness().patience().toMillis(), TimeUnit.MILLISECONDS))
                .as("eight handlers at once")
                .isTrue();
    }

    @Test
    void b2_6_toCloseWhileTheBreakerIsOpenGivesBackWhatIsHeldAndLosesNothing() {
        Queue<String> queue =
                newQueue().maxDeliveries(10).retry(RetryPolicy.immediate()).build();
        List<Delivery<byte[]>> dead = deadLetters(queue);
        CircuitBreaker breaker = breaker(ofMinutes(10));
        Ledger ledger = new Ledger();
        Dependency failing = new Dependency(new Ledger());
        send(waybill.producer(queue), 60, i -> "m" + i, ledger);
        Subscription subscription =
                another().consumer(queue).concurrency(4).circuitBreaker(breaker).start(failing::call);
        await().until(() -> breaker.getState() == State.OPEN);
        assertThat(subscription.close(ofSeconds(10))).as("drained").isTrue();
        waybill.consumer(queue).concurrency(4).start(ledger::seen);
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
        assertThat(dead).isEmpty();
    }

    @Test
    void b3_1_aRateLimiterLetsOnlySoManyThroughInAPeriodAndThoseThatWaitKeepTheirLock() {
        Queue<String> queue = shortLocked();
        Duration period = harness().shortLock();
        RateLimiter limiter = RateLimiter.of(
                "rate",
                RateLimiterConfig.custom()
                        .limitForPeriod(5)
                        .limitRefreshPeriod(period)
                        .timeoutDuration(ofMinutes(1))
                        .build());
        Ledger ledger = new Ledger();
        List<Long> times = new CopyOnWriteArrayList<>();
        send(waybill.producer(queue), 18, i -> "m" + i, ledger);
        waybill.consumer(queue).concurrency(18).rateLimiter(limiter).start(delivery -> {
            times.add(System.nanoTime());
            ledger.seen(delivery);
        });
        awaitAllSeen(ledger);
        assertThat(ledger.redelivered()).as("lost their lock while they waited").isEmpty();
        List<Long> sorted = new ArrayList<>(times);
        Collections.sort(sorted);
        // The sixth after a handler can at the earliest be of the next period but one, less what a thread is late.
        for (int i = 0; i + 10 < sorted.size(); i++) {
            assertThat(Duration.ofNanos(sorted.get(i + 10) - sorted.get(i)))
                    .as("ten handlers later")
                    .isGreaterThan(period.dividedBy(2));
        }
    }

    @Test
    void b3_2_aBulkheadLetsOnlySoManyHandlersRunOverAllConsumersThatShareIt() {
        Queue<String> queue = newQueue().build();
        Bulkhead bulkhead = Bulkhead.of(
                "bulkhead", BulkheadConfig.custom().maxConcurrentCalls(3).build());
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Ledger ledger = new Ledger();
        send(waybill.producer(queue), 100, i -> "m" + i, ledger);
        for (int i = 0; i < 2; i++) {
            another().consumer(queue).concurrency(6).bulkhead(bulkhead).start(delivery -> {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                TimeUnit.MILLISECONDS.sleep(5);
                now.decrementAndGet();
                ledger.seen(delivery);
            });
        }
        awaitAllSeen(ledger);
        assertThat(most).hasValue(3);
    }

    @Test
    void b3_3_aHandlerThatTakesTooLongIsInterruptedAndItsMessageHasFailed() {
        Queue<String> queue =
                newQueue().maxDeliveries(2).retry(RetryPolicy.immediate()).build();
        List<Delivery<byte[]>> dead = deadLetters(queue);
        TimeLimiter limiter = TimeLimiter.of(
                "time",
                TimeLimiterConfig.custom().timeoutDuration(ofMillis(200)).build());
        AtomicInteger interrupted = new AtomicInteger();
        Ledger quick = new Ledger();
        waybill.consumer(queue).timeLimiter(limiter).start(delivery -> {
            if (delivery.payload().equals("slow")) {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException stop) {
                    interrupted.incrementAndGet();
                    throw stop;
                }
            }
            quick.seen(delivery);
        });
        send(waybill.producer(queue), 1, i -> "slow", new Ledger());
        send(waybill.producer(queue), 20, i -> "quick", quick);
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        awaitAllSeen(quick);
        assertThat(interrupted).hasValue(2);
        assertThat(dead.get(0).headers().values()).anyMatch(value -> value.contains("TimeoutException"));
    }
}
