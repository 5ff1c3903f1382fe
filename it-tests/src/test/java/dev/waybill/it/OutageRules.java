package dev.waybill.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.tck.Ledger;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What a handler depends on is down for longer than three locks, under load, with a circuit breaker as Resilience4j has it by default;
 * but for the minute that it stays open, through which nothing else would happen: one server is tested with that, too. So is the store of
 * large payloads.
 */
@Tag("alone")
abstract class OutageRules {
    private static final Duration PATIENCE = Duration.ofSeconds(100);
    private static final int HANDLERS = 16;
    private static final long WORK_MILLIS = 10;

    abstract ServerUnderTest site();

    CircuitBreakerConfig breaker() {
        return CircuitBreakerConfig.custom()
                .waitDurationInOpenState(lock().multipliedBy(5))
                .build();
    }

    private Queue<String> newQueue(int maxDeliveries, RetryPolicy retry) {
        return Queue.named("outage-" + Long.toString(System.nanoTime(), 36), Codec.text())
                .maxDeliveries(maxDeliveries)
                .lockDuration(lock())
                .retry(retry)
                .build();
    }

    /**
     * Longer than a busy machine stands still, or a double takes for an answer under this load: what waits in the buffer would lose
     * its lock, and come again without a call.
     */
    private Duration lock() {
        return Duration.ofSeconds(site().slow() ? 10 : 5);
    }

    private int load(int usual) {
        return site().slow() ? usual / 10 : usual;
    }

    private static void send(Producer<String> producer, int count, Ledger ledger) {
        List<CompletableFuture<Void>> sends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Message<String> message = Message.of("m" + i);
            ledger.sent(message.id());
            sends.add(producer.send(message));
        }
        CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
    }

    /** A dependency with its handler, and what they have seen. */
    private static final class Dependency {
        final AtomicInteger calls = new AtomicInteger();
        final AtomicInteger failures = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        final Set<String> countedTooOften = ConcurrentHashMap.newKeySet();
        private final AtomicInteger now = new AtomicInteger();
        private final Map<String, Integer> callsOf = new ConcurrentHashMap<>();
        private final ConcurrentSkipListMap<Long, Integer> doneAt = new ConcurrentSkipListMap<>();
        private final AtomicInteger done = new AtomicInteger();
        private final Ledger ledger;
        volatile boolean down;

        Dependency(Ledger ledger) {
            this.ledger = ledger;
        }

        void call(dev.waybill.Delivery<String> delivery) throws Exception {
            calls.incrementAndGet();
            int nth = callsOf.merge(delivery.id(), 1, Integer::sum);
            if (delivery.deliveryCount() > nth) {
                countedTooOften.add(delivery.id() + ": delivery " + delivery.deliveryCount() + " at call " + nth);
            }
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            try {
                if (down) {
                    failures.incrementAndGet();
                    throw new IOException("the dependency is down");
                }
                TimeUnit.MILLISECONDS.sleep(WORK_MILLIS);
                ledger.seen(delivery);
                doneAt.put(System.nanoTime(), done.incrementAndGet());
            } finally {
                now.decrementAndGet();
            }
        }

        /** How many messages were done in the best of so many seconds: a machine that has other things to do slows down one or the other. */
        int rate(long fromNanos, int seconds) {
            return LongStream.range(0, seconds)
                    .map(second -> fromNanos + TimeUnit.SECONDS.toNanos(second))
                    .mapToInt(from -> doneAt.subMap(from, from + TimeUnit.SECONDS.toNanos(1))
                            .size())
                    .max()
                    .orElse(0);
        }
    }

    @Test
    void anOutageOfThreeLocksUnderLoadCostsNoMessageAndNoDelivery() throws Exception {
        Queue<String> queue = newQueue(5, RetryPolicy.DEFAULT);
        Ledger ledger = new Ledger();
        Dependency dependency = new Dependency(ledger);
        CircuitBreaker breaker = CircuitBreaker.of("dependency", breaker());
        AtomicLong closedAt = new AtomicLong();
        breaker.getEventPublisher().onStateTransition(event -> {
            if (event.getStateTransition().getToState() == State.CLOSED) {
                closedAt.set(System.nanoTime());
                dependency.most.set(0);
            }
        });
        ScheduledExecutorService load = Executors.newSingleThreadScheduledExecutor();
        try (Waybill waybill = Waybill.open(site().config())) {
            Producer<String> producer = waybill.producer(queue);
            Set<String> dead = ConcurrentHashMap.newKeySet();
            waybill.deadLetterConsumer(queue).start(delivery -> dead.add(delivery.id()));
            send(producer, load(8000), ledger);
            Payloads payloads = new Payloads(waybill);
            Subscription subscription = waybill.consumer(queue)
                    .concurrency(HANDLERS)
                    .prefetch(64)
                    .circuitBreaker(breaker)
                    .start(dependency::call);
            // After the start of everything that a first second has to start.
            Awaitility.await().atMost(PATIENCE).until(() -> dependency.done.get() > load(1000));
            long before = System.nanoTime();
            dependency.most.set(0);
            Awaitility.await().atMost(PATIENCE).until(() -> System.nanoTime() - before > TimeUnit.SECONDS.toNanos(1));
            int usual = dependency.rate(before, 1);
            // All handlers, unless the server cannot feed so many.
            int usuallyBusy = dependency.most.get();

            dependency.down = true;
            var sending = load.scheduleAtFixedRate(() -> send(producer, load(100), ledger), 0, 1, TimeUnit.SECONDS);
            for (int trials = 0; trials < 3; trials++) {
                if (trials > 0) {
                    breaker.transitionToHalfOpenState();
                }
                Awaitility.await().atMost(PATIENCE).until(() -> breaker.getState() == State.OPEN);
                // What was under way comes to its end.
                Awaitility.await().atMost(PATIENCE).until(() -> dependency.now.get() == 0);
                int calls = dependency.calls.get();
                Awaitility.await("nothing is handled for a lock")
                        .during(lock())
                        .atMost(lock().plusSeconds(5))
                        .until(() -> dependency.calls.get() == calls);
                assertThat(subscription.state()).isEqualTo(Subscription.State.WAITING);
            }
            send(producer, load(3000), ledger);
            dependency.down = false;
            int failures = dependency.failures.get();

            Awaitility.await("closed again").atMost(PATIENCE).until(() -> breaker.getState() == State.CLOSED);
            long closed = closedAt.get();
            Awaitility.await("as many handlers at once as before")
                    // A double that may take a second for an answer does what it can.
                    .atMost(site().slow() ? PATIENCE : Duration.ofSeconds(1))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> dependency.most.get() >= usuallyBusy);
            long full = System.nanoTime() - closed;
            Awaitility.await().atMost(PATIENCE).until(() -> System.nanoTime() - closed > TimeUnit.SECONDS.toNanos(4));
            int afterwards = dependency.rate(closed + TimeUnit.SECONDS.toNanos(1), 3);
            sending.cancel(false);
            load.shutdown();
            assertThat(load.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            Awaitility.await("everything is handled")
                    .atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(ledger.lost()).as("%s", ledger).isEmpty());
            Report.line(
                    ("outage \"breaker open for %d s\" on %s: %s; dead letters %d; failed calls %d; deliveries without"
                                    + " a call %d; messages a second before %d, from the second second after closing on %d; %d of %d"
                                    + " handlers at work at once before, and again %d ms after closing")
                            .formatted(
                                    breaker.getCircuitBreakerConfig()
                                                    .getWaitIntervalFunctionInOpenState()
                                                    .apply(1)
                                            / 1000,
                                    site().server().product(),
                                    ledger,
                                    dead.size(),
                                    failures,
                                    dependency.countedTooOften.size(),
                                    usual,
                                    afterwards,
                                    usuallyBusy,
                                    HANDLERS,
                                    TimeUnit.NANOSECONDS.toMillis(full)));
            assertThat(dead).as("dead letters").isEmpty();
            assertThat(dependency.countedTooOften)
                    .as("deliveries without a call")
                    .isEmpty();
            assertThat(ledger.unflaggedDuplicates()).isEmpty();
            if (!site().slow()) {
                assertThat(afterwards)
                        .as("messages a second, before: %d", usual)
                        .isGreaterThan(usual * 6 / 10);
            }
            payloads.areBack();
        } finally {
            load.shutdownNow();
        }
    }

    /** Beside it, messages whose payload store is down all the time. */
    private final class Payloads {
        private final Dependency handler = new Dependency(new Ledger());
        private final SwitchedStore store = new SwitchedStore();
        private final Waybill waybill;
        private final Queue<String> queue;

        Payloads(Waybill waybill) {
            this.waybill = waybill;
            queue = Queue.named("payloads-" + Long.toString(System.nanoTime(), 36), Codec.text())
                    .maxDeliveries(2)
                    .lockDuration(lock())
                    .claimCheck(0, store)
                    .build();
            send(waybill.producer(queue), load(1600), handler.ledger);
            store.down(true);
            waybill.consumer(queue).concurrency(HANDLERS).prefetch(64).start(handler::call);
        }

        void areBack() {
            assertThat(handler.calls).as("calls while it is down").hasValue(0);
            long back = System.nanoTime();
            store.down(false);
            Awaitility.await("all handlers, when the payload store is back")
                    // Its breaker looks every two seconds; then they have one.
                    .atMost(site().slow() ? PATIENCE : Duration.ofSeconds(3))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> handler.most.get() == HANDLERS
                            || site().slow() && handler.ledger.lost().isEmpty());
            long full = System.nanoTime() - back;
            Awaitility.await("everything is handled")
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(handler.ledger.lost())
                            .as("%s", handler.ledger)
                            .isEmpty());
            Report.line("outage of a payload store on %s: %s; all handlers at work again after %d ms"
                    .formatted(site().server().product(), handler.ledger, TimeUnit.NANOSECONDS.toMillis(full)));
            assertThat(waybill.deadLetters(queue).count()).as("dead letters").isZero();
            assertThat(handler.countedTooOften).as("deliveries without a call").isEmpty();
            assertThat(handler.ledger.unflaggedDuplicates()).isEmpty();
        }
    }

    /** The same breaker inside the handler, so that its open state is a failure of the message: what the pause is there for. */
    @Test
    void withoutThePauseTheSameOutageFillsTheDeadLetterQueue() throws Exception {
        Queue<String> queue = newQueue(5, RetryPolicy.immediate());
        int messages = load(300);
        Ledger ledger = new Ledger();
        Dependency dependency = new Dependency(ledger);
        dependency.down = true;
        CircuitBreaker breaker = CircuitBreaker.ofDefaults("dependency");
        try (Waybill waybill = Waybill.open(site().config())) {
            Set<String> dead = ConcurrentHashMap.newKeySet();
            waybill.deadLetterConsumer(queue).start(delivery -> dead.add(delivery.id()));
            send(waybill.producer(queue), messages, ledger);
            waybill.consumer(queue)
                    .concurrency(HANDLERS)
                    .start(delivery -> breaker.executeCallable(() -> {
                        dependency.call(delivery);
                        return true;
                    }));
            Awaitility.await("the outage fills the dead-letter queue")
                    .atMost(lock().multipliedBy(15))
                    .until(() -> dead.size() == messages);
            Report.line(
                    "outage \"pause switched off\" on %s: %s; dead letters %d, of which the dependency was called for %d"
                            .formatted(site().server().product(), ledger, dead.size(), dependency.callsOf.size()));
        }
    }
}
