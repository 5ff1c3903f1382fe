package dev.waybill.internal;

import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.idempotency.Claim;
import dev.waybill.idempotency.IdempotencyStore;
import dev.waybill.idempotency.InMemoryIdempotencyStore;
import dev.waybill.inmemory.InMemoryInspection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Idempotent consumers, where the broker makes no difference. */
@Timeout(60)
class OnceTest {
    /** Its broker leaves it to core to end a message that was delivered too often. */
    private final Waybill waybill = Waybill.open(
            WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=kafka")));

    private final Queue<String> queue = Queue.named("q", Codec.text())
            .maxDeliveries(2)
            .retry(RetryPolicy.immediate())
            .build();

    @AfterEach
    void close() {
        waybill.close();
    }

    private InMemoryInspection look() {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    /** Every message is with somebody who never comes back. */
    private static final class Taken implements IdempotencyStore {
        final AtomicInteger asked = new AtomicInteger();

        @Override
        public Claim claim(String queue, String messageId, String owner, Duration lease) {
            asked.incrementAndGet();
            return Claim.taken(50);
        }

        @Override
        public boolean renew(Claim claim, Duration lease) {
            throw new AssertionError("nothing to renew");
        }

        @Override
        public boolean confirm(Claim claim) {
            throw new AssertionError("nothing to confirm");
        }

        @Override
        public void abandon(Claim claim) {
            throw new AssertionError("nothing to abandon");
        }
    }

    /** A store that works, and counts the claims that have ended. */
    private static class Working implements IdempotencyStore {
        final AtomicInteger ended = new AtomicInteger();
        private final IdempotencyStore marks = new InMemoryIdempotencyStore(100, ofMinutes(1));

        @Override
        public Claim claim(String queue, String messageId, String owner, Duration lease) {
            return marks.claim(queue, messageId, owner, lease);
        }

        @Override
        public boolean renew(Claim claim, Duration lease) {
            return marks.renew(claim, lease);
        }

        @Override
        public boolean confirm(Claim claim) {
            boolean confirmed = marks.confirm(claim);
            ended.incrementAndGet();
            return confirmed;
        }

        @Override
        public void abandon(Claim claim) {
            marks.abandon(claim);
            ended.incrementAndGet();
        }
    }

    /** A consumer gets the message, and its process dies. */
    private void killOne() {
        CountDownLatch started = new CountDownLatch(1);
        Subscription dying = waybill.consumer(queue).start(delivery -> {
            started.countDown();
            new CountDownLatch(1).await();
        });
        await().until(() -> started.getCount() == 0);
        dying.pause();
        look().disconnect();
        dying.close(Duration.ZERO);
    }

    @Test
    void aMessageThatKillsItsConsumersEndsThoughItIsTakenInBetween() {
        waybill.producer(queue).sendAndWait("poison");
        for (int kill = 1; kill <= 2; kill++) {
            killOne();
            Taken store = new Taken();
            Subscription waiting = waybill.consumer(queue).idempotent(store).start(delivery -> {
                throw new AssertionError("it is taken");
            });
            await().until(() -> store.asked.get() > 0);
            waiting.close();
        }
        await().untilAsserted(() -> assertThat(waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 10))
                .extracting(DeadLetter::reason)
                .containsExactly("delivered 2 times, and not settled"));
    }

    @Test
    void aMessageThatIsDoneIsNoDeadLetterHoweverOftenItComes() {
        IdempotencyStore store = new InMemoryIdempotencyStore(100, ofMinutes(1));
        Message<String> message = Message.of("m");
        store.confirm(store.claim("q", message.id(), "who died before it was accepted", ofMinutes(1)));
        waybill.producer(queue).sendAndWait(message);
        killOne();
        killOne();
        waybill.consumer(queue).idempotent(store).start(delivery -> {
            throw new AssertionError("it is done");
        });
        await().until(() -> look().depth("q") == 0 && look().held("q") == 0);
        assertThat(look().deadLetters("q")).isZero();
    }

    @Test
    void whatAHandlerSaysAfterTheDeadlineIsNoProofThatItIsDone() throws InterruptedException {
        Working store = new Working();
        for (int i = 0; i < 10; i++) {
            waybill.producer(queue).sendAndWait("m" + i);
        }
        CountDownLatch started = new CountDownLatch(10);
        Subscription first = waybill.consumer(queue)
                .idempotent(store)
                .concurrency(10)
                .start(delivery -> {
                    started.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException stopped) {
                        // It returns, half-way, as if it were done.
                    }
                });
        started.await();
        first.close(Duration.ZERO);
        // What is claimed still when it comes again would come a lease later.
        await().until(() -> store.ended.get() == 10);
        AtomicInteger handled = new AtomicInteger();
        waybill.consumer(queue).idempotent(store).start(delivery -> handled.incrementAndGet());
        await().until(() -> look().depth("q") == 0 && look().held("q") == 0);
        assertThat(handled).hasValue(10);
    }

    @Test
    void anIdThatNoStoreTakesIsRememberedAllTheSame() {
        IdempotencyStore store = new InMemoryIdempotencyStore(100, ofMinutes(1));
        AtomicInteger handled = new AtomicInteger();
        waybill.consumer(queue).idempotent(store).start(delivery -> handled.incrementAndGet());
        String half = "half of a pair: \ud83d";
        for (int i = 0; i < 3; i++) {
            waybill.producer(queue).sendAndWait(Message.with("m").id(half).build());
        }
        await().until(() -> look().depth("q") == 0 && look().held("q") == 0);
        assertThat(handled).hasValue(1);
    }

    @Test
    void aStoreThatFailsInAWayOfItsOwnDoesNotEndTheWorkers() {
        AtomicInteger failures = new AtomicInteger();
        IdempotencyStore store = new Working() {
            @Override
            public Claim claim(String queue, String messageId, String owner, Duration lease) {
                if (failures.incrementAndGet() <= 3) {
                    throw new IllegalStateException("the pool is exhausted");
                }
                return super.claim(queue, messageId, owner, lease);
            }

            @Override
            public boolean confirm(Claim claim) {
                throw new IllegalStateException("the pool is exhausted");
            }
        };
        AtomicInteger handled = new AtomicInteger();
        waybill.consumer(queue).idempotent(store).start(delivery -> handled.incrementAndGet());
        for (String text : List.of("a", "b", "c")) {
            waybill.producer(queue).sendAndWait(text);
        }
        await().untilAsserted(() -> assertThat(handled).hasValue(3));
        await().until(() -> look().held("q") == 0);
    }
}
