package dev.waybill.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Health;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Payload;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.claimcheck.ClaimCheck;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Rules of payloads that wait in a store while a reference travels. */
abstract class ClaimCheckRules extends ClaimChapter {
    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    /** Why a send failed. */
    private static <T> SendException refusal(Producer<T> producer, T payload) {
        try {
            producer.send(payload).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof SendException refused) {
                return refused;
            }
            throw failed;
        }
        throw new AssertionError("it was sent");
    }

    @Test
    void k1_1_aLargePayloadArrivesFromTheStoreAsIfItHadTravelled() {
        Queue<String> queue = newQueue().claimCheck(check().build()).build();
        Map<String, String> headers = Map.of("customer", "c1");
        List<String> seen = new CopyOnWriteArrayList<>();
        String large = text(50 * THRESHOLD);
        waybill.consumer(queue).start(delivery -> {
            assertThat(delivery.headers()).isEqualTo(headers);
            seen.add(delivery.key().orElse("") + delivery.payload());
        });
        waybill.producer(queue)
                .send(Message.with(large).key("k").header("customer", "c1").build())
                .join();
        await().untilAsserted(() -> assertThat(seen).containsExactly("k" + large));
        assertThat(store.written()).hasSizeGreaterThanOrEqualTo(1);
    }

    @Test
    void k1_2_aPayloadUpToTheThresholdTravelsAndTheStoreIsNotAsked() {
        Queue<String> queue = newQueue().claimCheck(check().build()).build();
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        waybill.producer(queue).send(text(THRESHOLD)).join();
        await().untilAsserted(() -> assertThat(seen).containsExactly(text(THRESHOLD)));
        stays("the store is not asked", () -> assertThat(store.asked()).isEmpty());
    }

    @Test
    void k1_3_whatIsTooLargeForTheBrokerPassesWithAClaimCheckAndOnlyThen() {
        String name = newName();
        Queue<byte[]> plain = Queue.named(name, Codec.bytes()).build();
        Queue<byte[]> checked = Queue.named(name, Codec.bytes())
                .claimCheck(ClaimCheck.in(store).build())
                .build();
        byte[] huge = bytes(17 << 20);
        List<byte[]> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(checked).start(delivery -> seen.add(delivery.payload()));
        SendException refused = refusal(waybill.producer(plain), huge);
        assertThat(refused.reason()).isEqualTo(SendException.Reason.TOO_LARGE);
        assertThat(refused).hasMessageContaining("claim check");
        waybill.producer(checked).send(huge).join();
        await().untilAsserted(() -> assertThat(seen).hasSize(1));
        assertThat(seen.get(0)).isEqualTo(huge);
    }

    @Test
    void k1_4_aQueueWithoutAClaimCheckSendsReferencesToTheDeadLettersWhole() {
        String name = newName();
        Queue<String> plain = Queue.named(name, Codec.text()).build();
        Queue<String> checked =
                Queue.named(name, Codec.text()).claimCheck(check().build()).build();
        List<String> seen = new CopyOnWriteArrayList<>();
        Subscription ignorant = waybill.consumer(plain).start(delivery -> seen.add("wrong: " + delivery.payload()));
        String large = text(2 * THRESHOLD);
        waybill.producer(checked).send(large).join();
        DeadLetter letter = awaitDeadLetter(checked);
        assertThat(letter.reason()).contains("claim check");
        ignorant.close();
        waybill.consumer(checked).start(delivery -> seen.add(delivery.payload()));
        waybill.deadLetters(checked).redrive(DeadLetterFilter.all()).run();
        await().untilAsserted(() -> assertThat(seen).containsExactly(large));
    }

    @Test
    void k2_1_aStreamOfUnknownLengthAFileAndBytesArriveAsAStream() throws IOException {
        Queue<Payload> queue = Queue.named(newName(), Codec.payload())
                .claimCheck(check().build())
                .build();
        byte[] large = bytes(300 * THRESHOLD);
        byte[] small = bytes(THRESHOLD);
        Path file = Files.write(directory.resolve("file"), large);
        List<byte[]> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> {
            try (InputStream in = delivery.payload().open()) {
                byte[] read = in.readAllBytes();
                assertThat(delivery.payload().size()).isEqualTo(read.length);
                seen.add(read);
            }
        });
        Producer<Payload> producer = waybill.producer(queue);
        producer.send(Payload.of(new ByteArrayInputStream(large))).join();
        producer.send(Payload.of(file)).join();
        producer.send(Payload.of(large)).join();
        producer.send(Payload.of(new ByteArrayInputStream(small))).join();
        await().untilAsserted(() -> assertThat(seen).hasSize(4));
        assertThat(seen).containsExactlyInAnyOrder(large, large, large, small);
    }

    @Test
    void k4_1_aPayloadIsDeletedOnceItsMessageIsAcknowledgedAndNotBefore() {
        Queue<String> queue = newQueue()
                .retry(RetryPolicy.immediate())
                .claimCheck(check().build())
                .build();
        AtomicInteger calls = new AtomicInteger();
        List<Integer> there = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).startReturning(delivery -> {
            there.add(store.keys().size());
            return calls.incrementAndGet() < 3 ? Outcome.retry() : Outcome.accept();
        });
        waybill.producer(queue).send(text(2 * THRESHOLD)).join();
        await().untilAsserted(() -> assertThat(calls).hasValue(3));
        assertThat(there).containsExactly(1, 1, 1);
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
        waybill.close();
        assertThat(store.keys()).as("what is left after the close").isEmpty();
    }

    @Test
    void k4_2_thePayloadOfADeadLetterStaysAndIsThereWhenItIsRedriven() {
        Queue<String> queue = newQueue().claimCheck(check().build()).build();
        List<String> seen = new CopyOnWriteArrayList<>();
        AtomicInteger refused = new AtomicInteger();
        waybill.consumer(queue).startReturning(delivery -> {
            if (!delivery.redelivered()) {
                refused.incrementAndGet();
                return Outcome.deadLetter("not now");
            }
            seen.add(delivery.payload());
            return Outcome.accept();
        });
        String large = text(2 * THRESHOLD);
        waybill.producer(queue).send(large).join();
        awaitDeadLetter(queue);
        stays("the payload is there", () -> assertThat(store.keys()).hasSize(1));
        waybill.deadLetters(queue).redrive(DeadLetterFilter.all()).run();
        await().untilAsserted(() -> assertThat(seen).containsExactly(large));
        assertThat(refused).hasValue(1);
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
    }

    @Test
    void k4_3_aCopyOfWhatIsDoneIsAcknowledgedWithoutItsHandler() {
        String name = newName();
        Queue<String> queue =
                Queue.named(name, Codec.text()).claimCheck(check().build()).build();
        List<String> seen = new CopyOnWriteArrayList<>();
        Subscription first = waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        String large = text(2 * THRESHOLD);
        waybill.producer(queue).send(large).join();
        // The note stays for a while.
        await().untilAsserted(() -> assertThat(store.keys()).hasSize(1).allMatch(key -> key.endsWith(".done")));
        first.close();
        String key = store.keys().get(0).replace(".done", "");
        waybill.producer(Queue.named(name, FORGER).build())
                .send(reference("files", key, large.length(), "0".repeat(64)))
                .join();
        waybill.consumer(queue).start(delivery -> seen.add("again: " + delivery.payload()));
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
        stays("it is neither handled nor dead", () -> {
            assertThat(seen).containsExactly(large);
            assertThat(waybill.deadLetters(queue).count()).isZero();
        });
    }

    @Test
    void k4_4_thePayloadOfASendThatFailedIsDeleted() {
        Queue<String> queue = newQueue().claimCheck(check().build()).build();
        Producer<String> producer = waybill.producer(queue);
        producer.close();
        assertThat(refusal(producer, text(2 * THRESHOLD)).reason()).isEqualTo(SendException.Reason.CLOSED);
        await().untilAsserted(() -> assertThat(store.payloads()).isEmpty());
    }

    @Test
    void k4_5_aPurgeDeletesPayloadsOnlyWhenToldToAndNoneThatAnotherDeadLetterRefersTo() {
        String name = newName();
        Queue<String> queue =
                Queue.named(name, Codec.text()).claimCheck(check().build()).build();
        DeadLetterFilter old = DeadLetterFilter.header("age", "old");
        DeadLetters dead = waybill.deadLetters(queue);
        waybill.consumer(queue).startReturning(delivery -> Outcome.deadLetter("no"));
        for (String age : List.of("old", "old", "new")) {
            waybill.producer(queue)
                    .send(Message.with(text(2 * THRESHOLD)).header("age", age).build())
                    .join();
        }
        await().until(() -> dead.browse(old, 0, 10).size() == 2);
        String shared = new String(dead.browse(old, 0, 1).get(0).body(), UTF_8);
        waybill.producer(Queue.named(name, FORGER).build()).send(shared).join();
        await().until(() -> dead.browse(DeadLetterFilter.all(), 0, 10).size() == 4);
        assertThat(dead.purgeWithPayloads(old, 2)).isEqualTo(2);
        await().untilAsserted(() -> assertThat(store.payloads()).hasSize(2).anyMatch(shared::contains));
        assertThat(dead.purge(DeadLetterFilter.all(), 2)).isEqualTo(2);
        stays("the others are there", () -> assertThat(store.payloads()).hasSize(2));
    }

    @Test
    void k5_1_aPayloadThatIsNotWhatWasSentGoesToTheDeadLettersWithItsReferenceAndIsNotHandled() throws IOException {
        Queue<String> queue = newQueue().claimCheck(check().build()).build();
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.producer(queue).send(text(2 * THRESHOLD)).join();
        Path payload = directory.resolve("payloads").resolve(store.keys().get(0));
        byte[] changed = Files.readAllBytes(payload);
        changed[changed.length - 1] ^= 1;
        Files.write(payload, changed);
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        DeadLetter letter = awaitDeadLetter(queue);
        assertThat(letter.reason()).contains("SHA-256").contains(store.keys().get(0));
        assertThat(new String(letter.body(), UTF_8))
                .contains("key: " + store.keys().get(0));
        assertThat(seen).isEmpty();
    }

    @Test
    void k5_2_aStreamHandsItsLastByteOverOnlyWhenItIsWhatWasSent() throws IOException {
        Queue<Payload> queue = Queue.named(newName(), Codec.payload())
                .claimCheck(check().build())
                .build();
        byte[] large = bytes(300 * THRESHOLD);
        AtomicInteger read = new AtomicInteger();
        waybill.producer(queue).send(Payload.of(large)).join();
        Path payload = directory.resolve("payloads").resolve(store.keys().get(0));
        byte[] changed = Files.readAllBytes(payload);
        changed[10] ^= 1;
        Files.write(payload, changed);
        waybill.consumer(queue).start(delivery -> {
            try (InputStream in = delivery.payload().open()) {
                while (in.read() >= 0) {
                    read.incrementAndGet();
                }
            }
        });
        assertThat(awaitDeadLetter(queue).reason()).contains("SHA-256");
        assertThat(read).hasValue(large.length - 1);
    }

    @Test
    void k5_3_aCompressedPayloadArrivesAndExpandsToNoMoreThanItsReferenceSays() throws IOException {
        String name = newName();
        Queue<String> queue = Queue.named(name, Codec.text())
                .claimCheck(check().compressed().build())
                .build();
        String large = "a".repeat(1_000_000);
        List<String> seen = new CopyOnWriteArrayList<>();
        Producer<String> producer = waybill.producer(queue);
        producer.send(large).join();
        String key = store.keys().get(0);
        assertThat(Files.size(directory.resolve("payloads").resolve(key))).isLessThan(10_000);
        waybill.producer(Queue.named(name, FORGER).build())
                .send(reference("files", key, 5000, "0".repeat(64)).replace("created:", "encoding: gzip\ncreated:"))
                .join();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(seen).containsExactly(large));
        assertThat(awaitDeadLetter(queue).reason()).containsAnyOf("longer than", "there is no payload");
    }

    @Test
    void k8_1_whileTheStoreIsDownMessagesWaitAndNoneDies() {
        Queue<String> queue =
                newQueue().maxDeliveries(2).claimCheck(check().build()).build();
        Ledger handled = new Ledger();
        List<Integer> counts = new CopyOnWriteArrayList<>();
        send(waybill.producer(queue), 20, i -> text(2 * THRESHOLD + i), handled);
        store.down(true);
        Subscription subscription = waybill.consumer(queue).concurrency(3).start(delivery -> {
            counts.add(delivery.deliveryCount());
            handled.seen(delivery);
        });
        await().untilAsserted(() -> assertThat(waybill.health().components()).anySatisfy(component -> {
            assertThat(component.status()).isEqualTo(Health.Status.DEGRADED);
            assertThat(component.detail()).contains("payload store");
        }));
        await().untilAsserted(() -> assertThat(waybill.circuitBreakers()
                        .circuitBreaker("payload-store-files")
                        .getState())
                .hasToString("OPEN"));
        stays("nothing is handled", () -> assertThat(handled.distinct()).isZero());
        store.down(false);
        awaitAllSeen(handled);
        assertThat(subscription.close(Duration.ofSeconds(10))).as("drained").isTrue();
        assertThat(counts).hasSize(20).containsOnly(1);
        assertThat(waybill.deadLetters(queue).count()).isZero();
    }

    @Test
    void k8_2_whileTheStoreIsDownASendFailsWithNothingSent() {
        Queue<String> queue = newQueue().claimCheck(check().build()).build();
        Producer<String> producer = waybill.producer(queue);
        store.down(true);
        for (int i = 0; i < 8; i++) {
            // The first ones see the store fail, the others its breaker.
            SendException refused = refusal(producer, text(2 * THRESHOLD));
            assertThat(refused.reason()).isEqualTo(SendException.Reason.PAYLOAD_STORE);
            assertThat(refused.maybeStored()).isFalse();
            assertThat(refused).hasMessageContaining("'files'");
        }
        List<String> seen = new CopyOnWriteArrayList<>();
        producer.send(text(THRESHOLD)).join();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(seen).isNotEmpty());
        store.down(false);
        await().ignoreExceptions()
                .until(() -> producer.send(text(2 * THRESHOLD)).isCompletedExceptionally() ? null : true, done -> done);
        await().untilAsserted(() -> assertThat(seen).containsExactly(text(THRESHOLD), text(2 * THRESHOLD)));
    }

    @Test
    void k8_3_aStoreThatFailsInMidStreamCountsNoDelivery() {
        Queue<Payload> queue = Queue.named(newName(), Codec.payload())
                .maxDeliveries(2)
                .claimCheck(check().build())
                .build();
        byte[] large = bytes(300 * THRESHOLD);
        List<byte[]> seen = new CopyOnWriteArrayList<>();
        List<Integer> counts = new CopyOnWriteArrayList<>();
        waybill.producer(queue).send(Payload.of(large)).join();
        store.failReadsAfter(1000, 4);
        waybill.consumer(queue).start(delivery -> {
            counts.add(delivery.deliveryCount());
            seen.add(delivery.payload().bytes());
        });
        await().untilAsserted(() -> assertThat(seen).hasSize(1));
        assertThat(seen.get(0)).isEqualTo(large);
        assertThat(counts).hasSize(5).containsOnly(1);
        assertThat(waybill.deadLetters(queue).count()).isZero();
    }

    @Test
    void k8_4_howeverTheStoreFailsMessagesGoOnWhenItIsBack() {
        Queue<String> queue =
                newQueue().maxDeliveries(2).claimCheck(check().build()).build();
        Ledger handled = new Ledger();
        send(waybill.producer(queue), 10, i -> text(2 * THRESHOLD + i), handled);
        store.failReadsAfter(10, 1000);
        waybill.consumer(queue).concurrency(2).start(handled::seen);
        CircuitBreaker breaker = waybill.circuitBreakers().circuitBreaker("payload-store-files");
        await().untilAsserted(() -> assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.OPEN));
        store.down(true);
        // Its trial calls fail in another way than those before.
        int asked = store.asked().size();
        await().untilAsserted(() -> assertThat(store.asked()).hasSizeGreaterThan(asked + 1));
        store.failReadsAfter(0, 0);
        store.down(false);
        awaitAllSeen(handled);
        assertThat(waybill.deadLetters(queue).count()).isZero();
    }
}
