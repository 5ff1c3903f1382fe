package dev.waybill.internal;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.internal.SemaphoreBasedRateLimiter;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rate limiter, bulkhead and time limiter around a handler. */
@Timeout(60)
class LimitsTest {
    private final Waybill waybill = Waybill.open(
            WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=kafka")));
    private final Queue<String> queue = Queue.named("q", Codec.text())
            .maxDeliveries(3)
            .lockDuration(ofSeconds(1))
            .retry(RetryPolicy.immediate())
            .build();

    @AfterEach
    void close() {
        waybill.close();
    }

    private void send(int count) {
        for (int i = 0; i < count; i++) {
            waybill.producer(queue).send("m" + i).join();
        }
    }

    private InMemoryInspection inspect() {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    private static RateLimiter limiter(int limit, Duration period) {
        return RateLimiter.of(
                "rate",
                RateLimiterConfig.custom()
                        .limitForPeriod(limit)
                        .limitRefreshPeriod(period)
                        .timeoutDuration(ofSeconds(1))
                        .build());
    }

    private static TimeLimiter timeLimiter(Duration timeout) {
        return TimeLimiter.of(
                "time", TimeLimiterConfig.custom().timeoutDuration(timeout).build());
    }

    @Test
    void aRateIsKeptOverAllConsumersAndWhoWaitsKeepsItsMessage() {
        RateLimiter limiter = limiter(5, ofMillis(400));
        AtomicInteger handled = new AtomicInteger();
        AtomicInteger redelivered = new AtomicInteger();
        send(25);
        long start = System.nanoTime();
        for (int i = 0; i < 2; i++) {
            waybill.consumer(queue).concurrency(10).rateLimiter(limiter).start(delivery -> {
                handled.incrementAndGet();
                redelivered.addAndGet(delivery.redelivered() ? 1 : 0);
            });
        }
        await().until(() -> handled.get() == 25);
        // Five periods; the first may have been under way.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(ofMillis(1200));
        assertThat(redelivered).hasValue(0);
    }

    @Test
    void aListenerThatThrowsChangesNothing() {
        Bulkhead bulkhead = Bulkhead.ofDefaults("bulkhead");
        bulkhead.getEventPublisher().onCallFinished(event -> {
            throw new IllegalStateException("the registry is closed");
        });
        RateLimiter limiter = limiter(100, ofMillis(10));
        AtomicInteger handled = new AtomicInteger();
        send(5);
        Subscription subscription = waybill.consumer(queue)
                .bulkhead(bulkhead)
                .rateLimiter(limiter)
                .start(delivery -> handled.incrementAndGet());
        await().until(() -> inspect().depth("q") == 0 && inspect().held("q") == 0);
        assertThat(subscription.close(ofSeconds(5))).isTrue();
        assertThat(handled).hasValue(5);
        assertThat(inspect().deadLetters("q")).isZero();
    }

    @Test
    void whoWaitsForATurnIsStoppedByPauseAndByClose() {
        RateLimiter limiter = limiter(1, ofSeconds(60));
        AtomicInteger handled = new AtomicInteger();
        send(5);
        Subscription subscription = waybill.consumer(queue)
                .concurrency(4)
                .rateLimiter(limiter)
                .start(delivery -> handled.incrementAndGet());
        await().until(() -> handled.get() == 1);
        subscription.pause();
        limiter.changeLimitForPeriod(1000);
        long start = System.nanoTime();
        assertThat(subscription.close(ofSeconds(20))).as("drained").isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(ofSeconds(5));
        assertThat(handled).hasValue(1);
        waybill.consumer(queue).start(delivery -> handled.incrementAndGet());
        await().until(() -> handled.get() == 5);
    }

    @Test
    void aLimiterThatGivesNoTurnInAdvanceIsRefused() {
        RateLimiter limiter = new SemaphoreBasedRateLimiter("semaphore", RateLimiterConfig.ofDefaults());
        assertThatThrownBy(() -> waybill.consumer(queue).rateLimiter(limiter))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("RateLimiter.of");
    }

    @Test
    void aBulkheadBoundsTheCallsOfAllThatShareIt() throws Exception {
        Bulkhead bulkhead = Bulkhead.of(
                "bulk", BulkheadConfig.custom().maxConcurrentCalls(3).build());
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger handled = new AtomicInteger();
        send(200);
        for (int i = 0; i < 2; i++) {
            waybill.consumer(queue).concurrency(8).bulkhead(bulkhead).start(delivery -> {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                TimeUnit.MILLISECONDS.sleep(2);
                now.decrementAndGet();
                assertThat(delivery.redelivered()).isFalse();
                handled.incrementAndGet();
            });
        }
        await().until(() -> handled.get() == 200);
        assertThat(most).hasValue(3);
        await().untilAsserted(() ->
                assertThat(bulkhead.getMetrics().getAvailableConcurrentCalls()).isEqualTo(3));
    }

    @Test
    void whoWaitsAtAFullBulkheadIsCalledAsSoonAsACallEnds() throws Exception {
        Bulkhead bulkhead = Bulkhead.of(
                "bulk", BulkheadConfig.custom().maxConcurrentCalls(1).build());
        CountDownLatch first = new CountDownLatch(1);
        AtomicInteger handled = new AtomicInteger();
        send(2);
        waybill.consumer(queue).concurrency(2).bulkhead(bulkhead).start(delivery -> {
            if (handled.incrementAndGet() == 1) {
                first.await();
            }
        });
        // Longer than the lock, which the heartbeat keeps for the one that waits.
        await().during(ofMillis(2500)).until(() -> handled.get() == 1);
        first.countDown();
        await().until(() -> handled.get() == 2);
    }

    @Test
    void aCallThatTheBreakerRefusesTakesNoPlaceInTheBulkhead() {
        Bulkhead bulkhead = Bulkhead.of(
                "bulk", BulkheadConfig.custom().maxConcurrentCalls(2).build());
        CircuitBreaker breaker = CircuitBreaker.ofDefaults("open");
        breaker.transitionToForcedOpenState();
        send(10);
        waybill.consumer(queue)
                .concurrency(4)
                .bulkhead(bulkhead)
                .circuitBreaker(breaker)
                .start(delivery -> {});
        await().during(ofMillis(300)).until(() -> bulkhead.getMetrics().getAvailableConcurrentCalls() == 2);
    }

    @Test
    void aHandlerThatTakesTooLongIsInterruptedAndTheBreakerSeesATimeout() {
        CircuitBreaker breaker = CircuitBreaker.ofDefaults("slow");
        AtomicInteger interrupted = new AtomicInteger();
        AtomicInteger timeouts = new AtomicInteger();
        breaker.getEventPublisher().onError(event -> {
            if (event.getThrowable() instanceof TimeoutException) {
                timeouts.incrementAndGet();
            }
        });
        send(1);
        waybill.consumer(queue)
                .circuitBreaker(breaker)
                .timeLimiter(timeLimiter(ofMillis(50)))
                .start(delivery -> {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException stop) {
                        interrupted.incrementAndGet();
                        throw stop;
                    }
                });
        await().untilAsserted(() -> assertThat(inspect().deadLetters("q")).isEqualTo(1));
        assertThat(interrupted).hasValue(3);
        assertThat(timeouts).hasValue(3);
    }

    /** One that swallows the interrupt has stopped half-way and says nothing of it. */
    @Test
    void aHandlerThatReturnsAfterItsTimeHasFailedAllTheSame() {
        send(1);
        waybill.consumer(queue).timeLimiter(timeLimiter(ofMillis(50))).start(delivery -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException swallowed) {
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
            }
        });
        await().untilAsserted(() -> assertThat(inspect().deadLetters("q")).isEqualTo(1));
    }

    @Test
    void anAsynchronousHandlerHasTheSameTime() {
        send(1);
        waybill.consumer(queue)
                .timeLimiter(timeLimiter(ofMillis(50)))
                .startAsync(delivery -> new CompletableFuture<Outcome>());
        await().untilAsserted(() -> assertThat(inspect().deadLetters("q")).isEqualTo(1));
    }

    /** Calls that end just when their time does: whoever wins, no interrupt is left. */
    @Test
    void noInterruptIsLeftWhenACallEndsWithItsTime() throws Exception {
        Timer timer = new Timer();
        try {
            AtomicInteger inTime = new AtomicInteger();
            AtomicInteger late = new AtomicInteger();
            long[] spin = {0};
            TimeLimitStage<String, String> stage = new TimeLimitStage<>(
                    input -> {
                        long end = System.nanoTime() + spin[0];
                        while (System.nanoTime() < end) {
                            Thread.onSpinWait();
                        }
                        return input;
                    },
                    timeLimiter(Duration.ofNanos(200_000)),
                    timer);
            for (int i = 0; i < 3000; i++) {
                spin[0] = 100_000 + i % 200 * 1000;
                try {
                    stage.of("m");
                    inTime.incrementAndGet();
                } catch (TimeoutException timedOut) {
                    late.incrementAndGet();
                }
                assertThat(Thread.currentThread().isInterrupted())
                        .as("call %d", i)
                        .isFalse();
            }
            assertThat(inTime).as("calls in time").hasPositiveValue();
            assertThat(late).as("calls too late").hasPositiveValue();
        } finally {
            timer.close();
        }
    }
}
