package dev.waybill.convoy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Health;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ConvoyJobTest {
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger failures = new AtomicInteger();
    private final ConvoyListeners listeners = new ConvoyListeners("orders", List.of(new ConvoyListener() {
        @Override
        public void storeFailed(String machine) {
            failures.incrementAndGet();
        }
    }));

    @Test
    void whatHangsIsNotHealthy() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        ConvoyJob job = new ConvoyJob(
                listeners,
                "send",
                () -> {
                    asked.countDown();
                    try {
                        answers.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    return Long.MAX_VALUE;
                },
                nanos::get);
        job.soon();
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
        nanos.set(TimeUnit.SECONDS.toNanos(59));
        assertThat(job.health().status()).isEqualTo(Health.Status.UP);
        nanos.set(TimeUnit.SECONDS.toNanos(73));
        assertThat(job.health())
                .isEqualTo(new Health.Component(
                        "convoys", "orders", Health.Status.DEGRADED, "it takes 73 s so far to send"));
        answers.countDown();
        await().untilAsserted(() -> assertThat(job.health().status()).isEqualTo(Health.Status.UP));
        job.stop();
        assertThat(job.health().status()).isEqualTo(Health.Status.DOWN);
    }

    @Test
    void whatIsDueBeforeTheNextTurnDoesNotWaitForThat() {
        AtomicInteger turns = new AtomicInteger();
        ConvoyJob job = new ConvoyJob(
                listeners, "look", () -> turns.incrementAndGet() == 1 ? 100 : Long.MAX_VALUE, System::nanoTime);
        job.start(20_000);
        job.soon();
        await("a tenth of the interval later").until(() -> turns.get() == 2);
        job.stop();
    }

    @Test
    void nothingBeginsAfterTheStop() throws Exception {
        AtomicInteger turns = new AtomicInteger();
        ConvoyJob job = new ConvoyJob(
                listeners,
                "look",
                () -> {
                    turns.incrementAndGet();
                    return 1;
                },
                System::nanoTime);
        job.start(10_000);
        job.soon();
        await("an early turn waits now, a second long").until(() -> turns.get() == 1);
        job.stop();
        job.awaitEnd();
        assertThat(turns).hasValue(1);
    }

    @Test
    void aStoreThatCannotBeAskedIsTold() {
        ConvoyJob job = new ConvoyJob(
                listeners,
                "send",
                () -> {
                    throw new ConvoyStoreException("it is down", null);
                },
                nanos::get);
        job.run();
        assertThat(failures).hasValue(1);
        assertThat(job.health().status()).isEqualTo(Health.Status.DEGRADED);
        assertThat(job.health().detail())
                .startsWith("it is not possible to send: ")
                .endsWith("it is down");
        job.stop();
    }
}
