package dev.waybill.internal;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Redrive.Report;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sweep of dead letters when what the application gives it misbehaves, or stops it. */
@Timeout(60)
class SweepTest {
    private final Waybill waybill = Waybill.open(
            WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:?emulate=rabbitmq")));
    private final Queue<String> queue = Queue.named("q", Codec.text()).build();
    private final DeadLetters dead = waybill.deadLetters(queue);

    private InMemoryInspection look() {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    @BeforeEach
    void twentyDie() throws Exception {
        CountDownLatch handled = new CountDownLatch(20);
        Subscription dying = waybill.consumer(queue).startReturning(delivery -> {
            handled.countDown();
            return Outcome.deadLetter("away");
        });
        for (int i = 0; i < 20; i++) {
            waybill.producer(queue).sendAndWait("m" + i);
        }
        assertThat(handled.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(dying.close(ofSeconds(10))).isTrue();
    }

    @AfterEach
    void close() {
        waybill.close();
        assertThat(look().violations()).isEmpty();
    }

    @Test
    void aFilterThatThrowsEndsItAndNothingIsMoved() {
        DeadLetterFilter broken = letter -> {
            throw new IllegalStateException("no idea");
        };
        assertThatThrownBy(() -> dead.redrive(broken).run())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no idea");
        assertThat(dead.count()).isEqualTo(20);
        assertThat(look().depth("q")).isZero();
    }

    @Test
    void aListenerThatThrowsDoesNotStopIt() {
        Report report = dead.redrive(DeadLetterFilter.all())
                .onProgress(now -> {
                    throw new IllegalStateException("not now");
                })
                .run();
        assertThat(report).isEqualTo(new Report(20, 20, 20, 0));
        assertThat(look().depth("q")).isEqualTo(20);
        assertThat(dead.count()).isZero();
    }

    @Test
    void anInterruptEndsItWithEachLetterThereOrHereAndNoneTwice() throws Exception {
        CompletableFuture<Report> result = new CompletableFuture<>();
        CompletableFuture<Boolean> flag = new CompletableFuture<>();
        CountDownLatch some = new CountDownLatch(3);
        Thread redriving = new Thread(() -> {
            try {
                result.complete(dead.redrive(DeadLetterFilter.all())
                        .perSecond(20)
                        .onProgress(now -> some.countDown())
                        .run());
            } catch (RuntimeException failed) {
                result.completeExceptionally(failed);
            }
            flag.complete(Thread.currentThread().isInterrupted());
        });
        redriving.start();
        assertThat(some.await(10, TimeUnit.SECONDS)).isTrue();
        redriving.interrupt();
        Report report = result.get(30, TimeUnit.SECONDS);
        assertThat(flag.get(5, TimeUnit.SECONDS)).as("still interrupted").isTrue();
        assertThat(report.moved()).isBetween(3L, 19L);
        assertThat(report.failed()).isZero();
        await().untilAsserted(() -> assertThat(look().depth("q")).isEqualTo((int) report.moved()));
        assertThat(dead.browse(DeadLetterFilter.all(), 0, 100))
                .extracting(DeadLetter::id)
                .doesNotHaveDuplicates()
                .hasSize(20 - (int) report.moved());
    }
}
