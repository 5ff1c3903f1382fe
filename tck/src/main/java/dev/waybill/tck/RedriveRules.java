package dev.waybill.tck;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.Capability;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Redrive.Report;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Rules of what can be done with dead letters. */
abstract class RedriveRules extends Chapter {

    /** Sends so many, has each die, and returns when all are dead and nobody consumes any more. */
    private List<Message<String>> die(Queue<String> queue, int count) {
        List<Message<String>> messages = IntStream.range(0, count)
                .mapToObj(i -> Message.with("m" + i)
                        .key("k" + i % 3)
                        .header("tenant", i % 2 == 0 ? "acme" : "globex")
                        .build())
                .toList();
        AtomicInteger deaths = new AtomicInteger();
        Subscription dying = waybill.consumer(queue).concurrency(4).start(delivery -> {
            deaths.incrementAndGet();
            throw delivery.payload().endsWith("7")
                    ? new UnsupportedOperationException("no " + delivery.payload())
                    : new IllegalArgumentException("bad " + delivery.payload());
        });
        var producer = waybill.producer(queue);
        CompletableFuture.allOf(messages.stream().map(producer::send).toArray(CompletableFuture[]::new))
                .join();
        await().untilAsserted(() -> assertThat(deaths).hasValueGreaterThanOrEqualTo(count));
        assertThat(dying.close(ofSeconds(20))).as("drained").isTrue();
        return messages;
    }

    private Queue<String> mortal() {
        return newQueue()
                .retry(RetryPolicy.immediate().deadLetterOn(RuntimeException.class))
                .build();
    }

    private static Set<String> ids(List<DeadLetter> letters) {
        return letters.stream().map(DeadLetter::id).collect(Collectors.toSet());
    }

    private static Set<String> idsOf(List<Message<String>> messages) {
        return messages.stream().map(Message::id).collect(Collectors.toSet());
    }

    private List<DeadLetter> browse(DeadLetters dead, DeadLetterFilter filter) {
        return dead.browse(filter, 0, 2000);
    }

    private void awaitDead(DeadLetters dead, int count) {
        await().untilAsserted(
                        () -> assertThat(browse(dead, DeadLetterFilter.all())).hasSize(count));
    }

    @Test
    void d4_1_aDeadLetterTellsWhatHappenedToIt() {
        Queue<String> queue =
                newQueue().maxDeliveries(2).retry(RetryPolicy.immediate()).build();
        long before = System.currentTimeMillis();
        Message<String> message =
                Message.with("gift").key("k-1").header("tenant", "acme").build();
        Subscription dying = waybill.consumer(queue).start(delivery -> {
            throw new IllegalStateException("no stock of " + delivery.payload());
        });
        waybill.producer(queue).send(message).join();
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 1);
        dying.close();
        DeadLetter letter = dead.find(message.id()).orElseThrow();
        assertThat(letter.queue()).isEqualTo(queue.name());
        assertThat(letter.key()).contains("k-1");
        assertThat(letter.headers()).containsOnly(java.util.Map.entry("tenant", "acme"));
        assertThat(new String(letter.body(), StandardCharsets.UTF_8)).isEqualTo("gift");
        assertThat(letter.contentType()).contains("text/plain; charset=utf-8");
        assertThat(letter.reason()).contains("delivery 2 of 2").contains("no stock of gift");
        assertThat(letter.error()).contains("java.lang.IllegalStateException");
        assertThat(letter.errorMessage()).contains("no stock of gift");
        assertThat(letter.stackTrace().orElse(""))
                .contains("IllegalStateException")
                .contains("\tat ");
        assertThat(letter.deliveries()).isEqualTo(2);
        assertThat(letter.sentAt().orElseThrow().toEpochMilli()).isGreaterThanOrEqualTo(before);
        assertThat(letter.diedAt().orElseThrow())
                .isAfterOrEqualTo(letter.sentAt().orElseThrow());
        assertThat(letter.consumer()).contains("waybill");
        assertThat(letter.host()).isNotEmpty();
    }

    @Test
    void d5_1_deadLettersAreLookedAtPageByPageAndStayWhereTheyAre() {
        Queue<String> queue = mortal();
        List<Message<String>> messages = die(queue, 23);
        DeadLetters dead = waybill.deadLetters(queue);
        for (int round = 0; round < 3; round++) {
            awaitDead(dead, 23);
            assertThat(ids(browse(dead, DeadLetterFilter.all()))).isEqualTo(idsOf(messages));
        }
        await().untilAsserted(() -> assertThat(dead.count()).isEqualTo(23));
        List<DeadLetter> first = dead.browse(DeadLetterFilter.all(), 0, 10);
        assertThat(first).hasSize(10);
        assertThat(dead.browse(DeadLetterFilter.all(), 23, 10)).isEmpty();
        assertThat(dead.browse(DeadLetterFilter.all(), 20, 10)).hasSize(3);
        Set<String> taken = ConcurrentHashMap.newKeySet();
        another().deadLetterConsumer(queue).start(delivery -> taken.add(delivery.id()));
        await().untilAsserted(() -> assertThat(taken).isEqualTo(idsOf(messages)));
    }

    @Test
    void d5_2_deadLettersAreFoundByIdHeaderErrorAgeAndText() {
        Queue<String> queue = mortal();
        List<Message<String>> messages = die(queue, 20);
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 20);
        assertThat(dead.find(messages.get(3).id()).orElseThrow().body())
                .isEqualTo("m3".getBytes(StandardCharsets.UTF_8));
        assertThat(dead.find("nobody")).isEmpty();
        assertThat(browse(dead, DeadLetterFilter.header("tenant", "acme"))).hasSize(10);
        assertThat(browse(dead, DeadLetterFilter.error(UnsupportedOperationException.class)))
                .hasSize(2);
        assertThat(browse(dead, DeadLetterFilter.error("IllegalArgumentException")))
                .hasSize(18);
        assertThat(browse(dead, DeadLetterFilter.text("M1"))).hasSize(11);
        assertThat(browse(dead, DeadLetterFilter.diedSince(Instant.now().plusSeconds(60))))
                .isEmpty();
        assertThat(browse(dead, DeadLetterFilter.diedBefore(Instant.now().plusSeconds(60))))
                .hasSize(20);
        assertThat(browse(
                        dead,
                        DeadLetterFilter.header("tenant", "globex")
                                .and(DeadLetterFilter.text("m7").not())))
                .hasSize(9);
    }

    @Test
    void d6_1_redrivenMessagesAreHandledAgainWholeFlaggedAndOnce() {
        Queue<String> queue = mortal();
        List<Message<String>> messages = die(queue, 50);
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 50);
        List<Report> progress = new CopyOnWriteArrayList<>();
        Report report =
                dead.redrive(DeadLetterFilter.all()).onProgress(progress::add).run();
        assertThat(report).isEqualTo(new Report(50, 50, 50, 0));
        assertThat(progress).hasSize(50);
        List<Delivery<String>> handled = new CopyOnWriteArrayList<>();
        another().consumer(queue).concurrency(4).start(handled::add);
        await().untilAsserted(
                        () -> assertThat(handled.stream().map(Delivery::id).collect(Collectors.toSet()))
                                .isEqualTo(idsOf(messages)));
        stays("each once", () -> assertThat(handled).hasSize(50));
        assertThat(browse(dead, DeadLetterFilter.all())).isEmpty();
        assertThat(handled).allSatisfy(delivery -> {
            assertThat(delivery.redelivered()).isTrue();
            if (has(Capability.UNCOUNTED_RELEASE)) {
                assertThat(delivery.deliveryCount()).isEqualTo(1);
            } else {
                // The broker may have handed it to the consumer that ended, which gave it back.
                assertThat(delivery.deliveryCount()).isPositive();
            }
            assertThat(delivery.headers()).containsOnlyKeys("tenant");
            assertThat(delivery.key()).isPresent();
            assertThat(delivery.sentAtMillis()).isPositive();
        });
    }

    @Test
    void d6_2_onlyWhatMatchesIsRedrivenHoweverManyOthersThereAre() {
        Queue<String> queue = mortal();
        die(queue, 1200);
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 1200);
        DeadLetterFilter seven = DeadLetterFilter.error(UnsupportedOperationException.class);
        Report report = dead.redrive(seven).run();
        assertThat(report.matched()).isEqualTo(120);
        assertThat(report.moved()).isEqualTo(120);
        assertThat(report.failed()).isZero();
        Set<String> handled = ConcurrentHashMap.newKeySet();
        another().consumer(queue).start(delivery -> handled.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(handled).hasSize(120));
        assertThat(handled).allMatch(payload -> payload.endsWith("7"));
        awaitDead(dead, 1080);
        assertThat(browse(dead, seven)).isEmpty();
    }

    @Test
    void d6_3_deadLettersCanBeSentToAnotherQueueSoManyAtMost() {
        Queue<String> queue = mortal();
        Queue<String> other = newQueue().build();
        die(queue, 10);
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 10);
        assertThat(dead.redrive(DeadLetterFilter.all()).to(other).limit(4).run().moved())
                .isEqualTo(4);
        Set<String> there = ConcurrentHashMap.newKeySet();
        another().consumer(other).start(delivery -> there.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(there).hasSize(4));
        awaitDead(dead, 6);
    }

    @Test
    void d6_4_aDryRunChangesNothing() {
        Queue<String> queue = mortal();
        die(queue, 20);
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 20);
        assertThat(dead.redrive(DeadLetterFilter.header("tenant", "acme")).dryRun())
                .isEqualTo(new Report(20, 10, 0, 0));
        awaitDead(dead, 20);
    }

    @Test
    void d6_5_redriveKeepsToItsRate() {
        Queue<String> queue = mortal();
        die(queue, 12);
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 12);
        List<Long> moments = new CopyOnWriteArrayList<>();
        dead.redrive(DeadLetterFilter.all())
                .perSecond(5)
                .onProgress(report -> moments.add(System.nanoTime()))
                .run();
        assertThat(moments).hasSize(12);
        // They start in 2.2 s; what is measured is when each was done, and the first may take longer than the last.
        assertThat(moments.get(11) - moments.get(0))
                .isGreaterThan(ofMillis(1500).toNanos());
    }

    @Test
    void d6_6_whatDiesAgainMeanwhileIsNotRedrivenRoundAndRound() {
        Queue<String> queue = mortal();
        die(queue, 20);
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 20);
        AtomicInteger handled = new AtomicInteger();
        Subscription dying = another().consumer(queue).concurrency(4).startReturning(delivery -> {
            handled.incrementAndGet();
            return Outcome.deadLetter("again");
        });
        Report report = dead.redrive(DeadLetterFilter.all()).run();
        assertThat(report.moved()).isEqualTo(20);
        await().untilAsserted(() -> assertThat(handled).hasValueGreaterThanOrEqualTo(20));
        dying.close();
        awaitDead(dead, 20);
        assertThat(handled).hasValue(20);
        assertThat(browse(dead, DeadLetterFilter.all()))
                .allSatisfy(letter -> assertThat(letter.reason()).isEqualTo("again"));
    }

    @Test
    void d6_7_purgeDeletesWhatWasExpectedAndNothingElse() {
        Queue<String> queue = mortal();
        die(queue, 20);
        DeadLetters dead = waybill.deadLetters(queue);
        awaitDead(dead, 20);
        DeadLetterFilter acme = DeadLetterFilter.header("tenant", "acme");
        assertThatThrownBy(() -> dead.purge(acme, 9))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("10")
                .hasMessageContaining("9");
        awaitDead(dead, 20);
        assertThat(dead.purge(acme, 10)).isEqualTo(10);
        awaitDead(dead, 10);
        assertThat(browse(dead, acme)).isEmpty();
    }
}
