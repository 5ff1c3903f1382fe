package dev.waybill.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When Azure is asked for another key. */
@Timeout(60)
class DelegationTest {
    private FakeAzure azure;
    private Instant now = Instant.parse("2026-11-28T10:00:00Z");
    private ValetKeys keys;

    @BeforeEach
    void start() throws IOException {
        azure = new FakeAzure();
        keys = ValetKeys.byDelegation(
                new Container(azure.client(Duration.ofSeconds(30)).buildClient(), "waybill/", "azure"), () -> now);
    }

    @AfterEach
    void stop() {
        azure.close();
    }

    private String open() {
        return keys.open("q/k", Duration.ofDays(6)).getQuery();
    }

    private static void hold(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Test
    void aKeyThatMayBeRevokedByNowSignsForAnHour() {
        assertThat(open()).contains("ske=2026-12-05T09:00:00Z", "se=2026-12-04T10:00:00Z");
        now = now.plus(Duration.ofHours(1)).minusMillis(1);
        assertThat(open()).contains("ske=2026-12-05T09:00:00Z");
        assertThat(azure.requests).hasSize(1);
        now = now.plusMillis(1);
        assertThat(open()).contains("ske=2026-12-05T10:00:00Z");
        assertThat(azure.requests).containsExactly("delegation", "delegation");
    }

    @Test
    void whoIsGivenNoOtherDoesNotSignWithTheOld() {
        open();
        now = now.plus(Duration.ofHours(2));
        azure.instead = request -> "403 AuthorizationPermissionMismatch";
        assertThatThrownBy(this::open)
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("gives no key for delegation")
                .hasMessageEndingWith("it answers 403 AuthorizationPermissionMismatch");
        azure.instead = request -> null;
        assertThat(open()).contains("ske=2026-12-05T11:00:00Z");
    }

    @Test
    void whoWaitsWhileAnotherAsksCanBeInterrupted() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        azure.instead = request -> {
            asked.countDown();
            hold(answered);
            return null;
        };
        FutureTask<String> first = new FutureTask<>(this::open);
        new Thread(first).start();
        asked.await();
        FutureTask<Boolean> second = new FutureTask<>(() -> {
            assertThatThrownBy(this::open)
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining("interrupted");
            return Thread.currentThread().isInterrupted();
        });
        Thread waiting = new Thread(second);
        waiting.start();
        await().until(() -> waiting.getState() == Thread.State.WAITING);
        waiting.interrupt();
        assertThat(second.get()).isTrue();
        answered.countDown();
        assertThat(first.get()).contains("ske=");
        assertThat(azure.requests).hasSize(1);
    }
}
