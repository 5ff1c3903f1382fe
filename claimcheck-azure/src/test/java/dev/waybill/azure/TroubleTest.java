package dev.waybill.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is trouble of the store, so that messages wait, and what is a payload that is missing. */
@Timeout(60)
class TroubleTest {
    private FakeAzure azure;
    private PayloadStore store;

    @BeforeEach
    void start() throws IOException {
        azure = new FakeAzure();
        store = store(Duration.ofSeconds(30));
    }

    @AfterEach
    void stop() {
        azure.close();
    }

    private PayloadStore store(Duration patience) {
        return AzurePayloadStore.in(azure.client(patience).buildClient()).build();
    }

    @Test
    void onlyABlobThatIsNotThereIsMissing() {
        assertThatThrownBy(() -> store.read("q/k"))
                .isInstanceOf(PayloadMissingException.class)
                .hasMessageContaining("'q/k' in payload store 'azure'");
        assertThat(store.exists("q/k")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "404 ContainerNotFound",
                "403 AuthenticationFailed",
                "403 AuthorizationPermissionMismatch",
                "409 ContainerBeingDeleted",
                "429 TooManyRequests",
                "500 InternalError",
                "503 ServerBusy"
            })
    void whateverElseIsAnsweredIsTrouble(String answer) {
        azure.instead = request -> answer;
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> store.read("q/k"),
                () -> store.exists("q/k"),
                () -> store.write("q/k", out -> out.write(1)),
                () -> store.list("", 1),
                () -> store.delete(List.of("q/k")))) {
            assertThatThrownBy(call)
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining("payload store 'azure' in http://127.0.0.1:")
                    .hasMessageEndingWith("it answers " + answer);
        }
    }

    @Test
    void whoDoesNotAnswerIsTrouble() {
        PayloadStore impatient = store(Duration.ofMillis(100));
        CountDownLatch never = new CountDownLatch(1);
        azure.instead = request -> {
            try {
                never.await();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
            return null;
        };
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> impatient.read("q/k"),
                () -> impatient.exists("q/k"),
                () -> impatient.write("q/k", out -> out.write(1)))) {
            assertThatThrownBy(call)
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining("HttpTimeoutException");
        }
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void whatBreaksOffIsTrouble() throws Exception {
        azure.store(new byte[9 << 20]);
        try (InputStream in = store.read("q/k")) {
            in.readNBytes(5 << 20);
            azure.instead = request -> "503 ServerBusy";
            assertThatThrownBy(in::readAllBytes)
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining("payload store 'azure' in http://127.0.0.1:")
                    .hasMessageEndingWith("broke off while 'q/k' was read: it answers 503 ServerBusy");
            // A reader that goes on does not find an end.
            assertThatThrownBy(in::read)
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining("broke off while 'q/k' was read");
        }
    }
}
