package dev.waybill.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.CodecException;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Delivery;
import dev.waybill.Health;
import dev.waybill.Outcome;
import dev.waybill.Payload;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.FilePayloadStore;
import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.idempotency.InMemoryIdempotencyStore;
import dev.waybill.inmemory.InMemoryInspection;
import dev.waybill.inmemory.SettableTime;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.timelimiter.TimeLimiter;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Claim checks, where the broker makes no difference: what handlers and stores do that they should not, and when. */
@Timeout(60)
class ClaimsTest {
    private static final String LARGE = "a payload that does not travel";

    @TempDir
    Path directory;

    /** Its broker leaves it to core to end a message that was delivered too often. */
    private final Waybill waybill = Waybill.open(
            WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=kafka")));

    private Store store;

    @BeforeEach
    void openStore() {
        store = new Store(new FilePayloadStore("files", directory.resolve("payloads")));
    }

    @AfterEach
    void close() {
        waybill.close();
    }

    private <T> Queue<T> queue(Codec<T> codec) {
        return Queue.named("q", codec)
                .maxDeliveries(2)
                .retry(RetryPolicy.immediate())
                .claimCheck(ClaimCheck.in(store).threshold(10).build())
                .build();
    }

    private CircuitBreaker breaker() {
        return waybill.circuitBreakers().circuitBreaker("payload-store-files");
    }

    private InMemoryInspection look() {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    private List<String> deaths(Queue<?> queue) {
        return waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 100).stream()
                .map(DeadLetter::reason)
                .toList();
    }

    /** A store that does what it is told to. */
    private static final class Store implements PayloadStore {
        private final PayloadStore working;
        final AtomicInteger reads = new AtomicInteger();
        volatile Reader reader = PayloadStore::read;
        volatile boolean writesAndFails;
        final AtomicInteger deletionsToFail = new AtomicInteger();

        Store(PayloadStore working) {
            this.working = working;
        }

        interface Reader {
            InputStream read(PayloadStore from, String key) throws PayloadMissingException;
        }

        /** But for notes. */
        List<String> payloads() {
            return keys().stream().filter(key -> !key.endsWith(ClaimCheck.DONE)).toList();
        }

        List<String> keys() {
            return working.list("", 1000).stream().map(StoredPayload::key).toList();
        }

        @Override
        public String name() {
            return working.name();
        }

        @Override
        public boolean write(String key, Content content) throws IOException {
            boolean written = working.write(key, content);
            if (writesAndFails) {
                throw new PayloadStoreException("the answer was lost", null);
            }
            return written;
        }

        @Override
        public InputStream read(String key) throws PayloadMissingException {
            reads.incrementAndGet();
            return reader.read(working, key);
        }

        @Override
        public boolean exists(String key) {
            return working.exists(key);
        }

        @Override
        public void delete(List<String> keys) {
            if (deletionsToFail.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new NoClassDefFoundError("of a client of the store");
            }
            working.delete(keys);
        }

        @Override
        public List<StoredPayload> list(String after, int limit) {
            return working.list(after, limit);
        }
    }

    /** Or its connection would be thrown away. Gzip knows its end before its stream does. */
    @Test
    void aCompressedPayloadIsReadToTheEndOfItsStream() {
        AtomicInteger ends = new AtomicInteger();
        store.reader = (from, key) -> new FilterInputStream(from.read(key)) {
            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                int read = super.read(bytes, offset, length);
                ends.addAndGet(read < 0 ? 1 : 0);
                return read;
            }

            @Override
            public int available() {
                return 0;
            }
        };
        Queue<String> queue = Queue.named("q", Codec.text())
                .claimCheck(ClaimCheck.in(store).threshold(10).compressed().build())
                .build();
        waybill.producer(queue).send(LARGE).join();
        List<String> handled = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> handled.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(handled).containsExactly(LARGE));
        assertThat(ends).hasPositiveValue();
    }

    /** A stream that breaks off before its first byte. */
    private static InputStream broken(InputStream in) {
        return new FilterInputStream(in) {
            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                throw new IOException("the connection was lost");
            }
        };
    }

    private static InputStream interruptible(InputStream in) {
        return new FilterInputStream(in) {
            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (Thread.currentThread().isInterrupted()) {
                    throw new ClosedByInterruptException();
                }
                return super.read(bytes, offset, length);
            }
        };
    }

    @Test
    void whatAHandlerSaysAfterTheDeadlineDoesNotCostThePayload() throws InterruptedException {
        Queue<String> queue = queue(Codec.text());
        for (int i = 0; i < 20; i++) {
            waybill.producer(queue).sendAndWait(LARGE + i);
        }
        CountDownLatch started = new CountDownLatch(20);
        Subscription first = waybill.consumer(queue).concurrency(20).start(delivery -> {
            started.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException stopped) {
                // It returns, half-way, as if it were done.
            }
        });
        started.await();
        first.close(Duration.ZERO);
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        await().until(() -> look().depth("q") == 0 && look().held("q") == 0);
        assertThat(deaths(queue)).isEmpty();
        assertThat(seen).hasSize(20);
    }

    @Test
    void aStoreThatFailsWithAnErrorGivesItsTrialCallsBack() {
        Queue<String> queue = queue(Codec.text());
        for (int i = 0; i < 5; i++) {
            waybill.producer(queue).sendAndWait(LARGE);
        }
        breaker().transitionToOpenState();
        breaker().transitionToHalfOpenState();
        store.reader = (from, key) -> {
            throw new OutOfMemoryError("not really");
        };
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        await().until(() -> store.reads.get() >= 2);
        store.reader = PayloadStore::read;
        await().untilAsserted(
                        () -> assertThat(seen.size() + deaths(queue).size()).isEqualTo(5));
    }

    @Test
    void aStreamThatIsReadAfterItsEndIsNotTheStoresTrouble() {
        Queue<Payload> queue = queue(Codec.payload());
        waybill.producer(queue).sendAndWait(Payload.of(LARGE.getBytes(UTF_8)));
        waybill.consumer(queue).start(delivery -> {
            InputStream in = delivery.payload().open();
            in.close();
            in.readAllBytes();
        });
        await().untilAsserted(() -> assertThat(deaths(queue)).hasSize(1));
        assertThat(deaths(queue)).first().asString().contains("delivery 2 of 2").contains("closed");
        assertThat(breaker().getMetrics().getNumberOfFailedCalls()).isZero();
    }

    @Test
    void aStreamThatIsReadByAnInterruptedHandlerIsNotTheStoresTrouble() {
        Queue<Payload> queue = queue(Codec.payload());
        waybill.producer(queue).sendAndWait(Payload.of(LARGE.getBytes(UTF_8)));
        // As those of network clients are.
        store.reader = (from, key) -> interruptible(from.read(key));
        waybill.consumer(queue)
                .timeLimiter(TimeLimiter.of(Duration.ofMillis(50)))
                .start(delivery -> {
                    try (InputStream in = delivery.payload().open()) {
                        while (!Thread.currentThread().isInterrupted()) {
                            Thread.onSpinWait();
                        }
                        in.readAllBytes();
                    }
                });
        await().untilAsserted(() -> assertThat(deaths(queue)).hasSize(1));
        assertThat(deaths(queue)).first().asString().contains("delivery 2 of 2").contains("Timeout");
        assertThat(breaker().getMetrics().getNumberOfFailedCalls()).isZero();
    }

    @Test
    void aStreamThatAnInterruptedHandlerCannotOpenIsNotTheStoresTrouble() {
        Queue<Payload> queue = queue(Codec.payload());
        waybill.producer(queue).sendAndWait(Payload.of(LARGE.getBytes(UTF_8)));
        store.reader = (from, key) -> {
            if (Thread.currentThread().isInterrupted()) {
                throw new PayloadStoreException("interrupted", null);
            }
            return from.read(key);
        };
        waybill.consumer(queue)
                .timeLimiter(TimeLimiter.of(Duration.ofMillis(50)))
                .start(delivery -> {
                    delivery.payload().open().close();
                    while (!Thread.currentThread().isInterrupted()) {
                        Thread.onSpinWait();
                    }
                    delivery.payload().open();
                });
        await().untilAsserted(() -> assertThat(deaths(queue)).hasSize(1));
        assertThat(deaths(queue)).first().asString().contains("delivery 2 of 2").contains("Timeout");
        assertThat(breaker().getMetrics().getNumberOfFailedCalls()).isZero();
    }

    @Test
    void whileTheStoreFailsInMidStreamTheHandlersWordDoesNotCountUnlessItAccepts() {
        Queue<Payload> queue = queue(Codec.payload());
        for (int i = 0; i < 4; i++) {
            waybill.producer(queue).sendAndWait(Payload.of((LARGE + i).getBytes(UTF_8)));
        }
        breaker().transitionToDisabledState();
        AtomicInteger failures = new AtomicInteger(20);
        store.reader = (from, key) -> failures.getAndDecrement() > 0 ? broken(from.read(key)) : from.read(key);
        List<Integer> counts = new CopyOnWriteArrayList<>();
        Subscription one = waybill.consumer(queue)
                .startReturning(delivery -> outcome(delivery.payload(), counts, delivery.deliveryCount()));
        Subscription batch = waybill.consumer(queue).startBatch(2, deliveries -> {
            List<Outcome> outcomes = new ArrayList<>();
            deliveries.forEach(delivery -> outcomes.add(outcome(delivery.payload(), counts, delivery.deliveryCount())));
            return outcomes;
        });
        await().until(() -> counts.size() >= 4);
        one.close();
        batch.close();
        assertThat(deaths(queue)).isEmpty();
        assertThat(counts).containsOnly(1);
    }

    private static Outcome outcome(Payload payload, List<Integer> counts, int deliveryCount) {
        try {
            payload.bytes();
            counts.add(deliveryCount);
            return Outcome.accept();
        } catch (IOException broken) {
            return Outcome.deadLetter("cannot be read");
        }
    }

    @Test
    void aPayloadThatBreaksOffEachTimeLetsTheOthersHaveTheirTurnAndIsNotAskedForWithoutAPause()
            throws InterruptedException {
        Queue<Payload> queue = queue(Codec.payload());
        waybill.producer(queue).sendAndWait(Payload.of(LARGE.getBytes(UTF_8)));
        String bad = store.keys().get(0);
        for (int i = 0; i < 3; i++) {
            waybill.producer(queue).sendAndWait(Payload.of(LARGE.getBytes(UTF_8)));
        }
        breaker().transitionToDisabledState();
        store.reader = (from, key) -> key.equals(bad) ? broken(from.read(key)) : from.read(key);
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> {
            delivery.payload().bytes();
            seen.add(delivery.id());
        });
        await().untilAsserted(() -> assertThat(seen).hasSize(3));
        await().during(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(store.reads).hasValueLessThan(30));
        store.reader = PayloadStore::read;
        await().untilAsserted(() -> assertThat(seen).hasSize(4));
    }

    @Test
    void aStoreThatFailsInAWayOfItsOwnLeavesNoMessageWithAnIdempotentConsumer() {
        Queue<String> queue = queue(Codec.text());
        waybill.producer(queue).sendAndWait(LARGE);
        AtomicInteger failures = new AtomicInteger(1);
        store.reader = (from, key) -> {
            if (failures.getAndDecrement() > 0) {
                throw new IllegalStateException("in a way of its own");
            }
            return from.read(key);
        };
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue)
                .idempotent(new InMemoryIdempotencyStore(100, Duration.ofMinutes(1)))
                .start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(seen).containsExactly(LARGE));
    }

    @Test
    void aMessageWhoseLockEndsWhileItsPayloadIsFetchedIsNotHandled() {
        SettableTime time = new SettableTime();
        Queue<String> queue = queue(Codec.text());
        List<Boolean> handled = new CopyOnWriteArrayList<>();
        try (Waybill other = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=sqs"))
                        .time(time))) {
            other.producer(queue).sendAndWait(LARGE);
            store.reader = (from, key) -> {
                store.reader = PayloadStore::read;
                time.advance(queue.lockDuration());
                return from.read(key);
            };
            other.consumer(queue).start(delivery -> handled.add(delivery.redelivered()));
            await().untilAsserted(() -> assertThat(handled).containsExactly(true));
        }
    }

    @Test
    void aBatchOfStreamsTakesNoMoreConnectionsThanItsHandlerOpens() {
        Queue<Payload> queue = queue(Codec.payload());
        for (int i = 0; i < 4; i++) {
            waybill.producer(queue).sendAndWait(Payload.of((LARGE + i).getBytes(UTF_8)));
        }
        AtomicInteger open = new AtomicInteger();
        store.reader = (from, key) -> {
            if (open.incrementAndGet() > 1) {
                open.decrementAndGet();
                throw new PayloadStoreException("the only connection is taken", null);
            }
            return closing(from.read(key), open);
        };
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).startBatch(4, deliveries -> {
            List<Outcome> outcomes = new ArrayList<>();
            for (Delivery<Payload> delivery : deliveries) {
                seen.add(new String(delivery.payload().bytes(), UTF_8));
                outcomes.add(Outcome.accept());
            }
            return outcomes;
        });
        await().untilAsserted(() -> assertThat(seen).hasSize(4));
        assertThat(open).hasValue(0);
    }

    private static InputStream closing(InputStream in, AtomicInteger open) {
        return new FilterInputStream(in) {
            private final AtomicBoolean closed = new AtomicBoolean();

            @Override
            public void close() throws IOException {
                if (closed.compareAndSet(false, true)) {
                    open.decrementAndGet();
                }
                super.close();
            }
        };
    }

    @Test
    void aForgedReferenceThatCanHaveNoNoteDoesNotKeepTheOthersNotes() throws Exception {
        Queue<String> queue = queue(Codec.text());
        store.write("q/0" + ClaimCheck.DONE, out -> {});
        Queue<String> forged = Queue.named("q", new ForgedReferences())
                .maxDeliveries(2)
                .retry(RetryPolicy.immediate())
                .build();
        waybill.producer(forged)
                .sendAndWait("waybill-claim-check: 1\nstore: files\nkey: q/0.done\nbytes: 0\nsha-256: "
                        + HexFormat.of().formatHex(ClaimWriter.sha256().digest())
                        + "\ncontent-type: text/plain\ncreated: 2026-01-02T03:04:05Z\n");
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        await().until(() -> look().depth("q") == 0 && look().held("q") == 0);
        waybill.producer(queue).sendAndWait(LARGE);
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
        assertThat(seen).containsExactly(LARGE);
        assertThat(deaths(queue)).singleElement().asString().contains("refused");
        waybill.close();
        assertThat(store.keys()).containsExactly("q/0.done");
    }

    /** A consumer gets the message, and its process dies. */
    private void killOne(Queue<?> queue) throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        Subscription dying = waybill.consumer(queue).start(delivery -> {
            started.countDown();
            new CountDownLatch(1).await();
        });
        started.await();
        dying.pause();
        look().disconnect();
        dying.close(Duration.ZERO);
    }

    @Test
    void aMessageThatIsDoneIsNoDeadLetterHoweverOftenItComes() throws Exception {
        Queue<String> queue = queue(Codec.text());
        waybill.producer(queue).sendAndWait(LARGE);
        killOne(queue);
        killOne(queue);
        store.write(store.keys().get(0) + ClaimCheck.DONE, out -> {});
        waybill.consumer(queue).start(delivery -> {
            throw new AssertionError("it is done");
        });
        await().until(() -> look().depth("q") == 0 && look().held("q") == 0);
        assertThat(deaths(queue)).isEmpty();
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
    }

    @Test
    void aSendThatFailsLeavesNoPayloadThoughTheStoreHasIt() {
        Queue<Payload> queue = queue(Codec.payload());
        store.writesAndFails = true;
        assertThatThrownBy(() -> waybill.producer(queue).sendAndWait(Payload.of(LARGE.getBytes(UTF_8))))
                .isInstanceOf(SendException.class);
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
        store.writesAndFails = false;
        InputStream failsToClose = new ByteArrayInputStream(LARGE.getBytes(UTF_8)) {
            @Override
            public void close() throws IOException {
                throw new IOException("it does not close");
            }
        };
        assertThatThrownBy(() -> waybill.producer(queue).sendAndWait(Payload.of(failsToClose)))
                .isInstanceOf(CodecException.class);
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
    }

    @Test
    void aDeletionThatFailsWithAnErrorIsTriedAgain() {
        Queue<String> queue = queue(Codec.text());
        store.deletionsToFail.set(2);
        waybill.producer(queue).sendAndWait(LARGE);
        waybill.consumer(queue).start(delivery -> {});
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
    }

    @Test
    void whoWaitsAfterManyFailuresGoesOnWhenTheBreakerIsClosed() {
        Queue<String> queue = queue(Codec.text());
        CircuitBreaker breaker = waybill.circuitBreakers()
                .circuitBreaker(
                        "payload-store-files",
                        CircuitBreakerConfig.custom()
                                .minimumNumberOfCalls(1)
                                .waitDurationInOpenState(Duration.ofMillis(1))
                                .build());
        AtomicInteger failures = new AtomicInteger();
        breaker.getEventPublisher().onError(event -> failures.incrementAndGet());
        waybill.producer(queue).send(LARGE).join();
        store.reader = (from, key) -> {
            throw new PayloadStoreException("down", null);
        };
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        // Then it waits for at least 800 ms.
        await().until(() -> failures.get() == 6 && waybill.health().status() == Health.Status.DEGRADED);
        store.reader = PayloadStore::read;
        breaker.transitionToClosedState();
        await().atMost(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(seen).containsExactly(LARGE));
    }
}
