package dev.waybill.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.NoSuchUploadException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** How large payloads go, which a server would not show. */
@Timeout(30)
class UploadTest {
    private static final int PART = Upload.PART;
    private static final byte[] MEBIBYTE = new byte[1 << 20];

    private final FakeS3 s3 = new FakeS3();

    @AfterEach
    void leavesNoThread() {
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("waybill-s3-upload"));
    }

    private PayloadStore store(int partsAtOnce) {
        return S3PayloadStore.in(s3, "bucket").partsAtOnce(partsAtOnce).build();
    }

    private static void write(OutputStream out, int mebibytes) throws IOException {
        for (int i = 0; i < mebibytes; i++) {
            out.write(MEBIBYTE);
        }
    }

    @Test
    void twoPartsGoInOneRequestAndWhatIsLargerInParts() throws Exception {
        byte[] payload = new byte[3 * PART + 1];
        new Random(1).nextBytes(payload);
        assertThat(store(2).write("q/k", out -> out.write(payload, 0, 2 * PART)))
                .isTrue();
        assertThat(s3.requests).containsExactly("put");
        assertThat(s3.stored().get(0)).isEqualTo(Arrays.copyOf(payload, 2 * PART));

        s3.requests.clear();
        assertThat(store(2).write("q/k", out -> {
                    out.write(payload, 0, PART - 1);
                    out.write(payload, PART - 1, 2 * PART + 2);
                }))
                .isTrue();
        assertThat(s3.requests)
                .startsWith("head", "create")
                .contains("part 1", "part 2", "part 3", "part 4")
                .endsWith("complete");
        assertThat(s3.stored()).extracting(part -> part.length).containsExactly(PART, PART, PART, 1);
        int at = 0;
        for (byte[] part : s3.stored()) {
            assertThat(part).isEqualTo(Arrays.copyOfRange(payload, at, at + part.length));
            at += part.length;
        }
    }

    @Test
    void partsAreSentWhileTheNextIsWrittenAndNoMoreIsInMemory() throws Exception {
        for (int atOnce : List.of(1, 2, 4)) {
            CountDownLatch released = new CountDownLatch(1);
            AtomicInteger sending = new AtomicInteger();
            s3.beforePart = number -> {
                sending.incrementAndGet();
                hold(released);
            };
            AtomicInteger written = new AtomicInteger();
            Thread writer = new Thread(() -> {
                try {
                    store(atOnce).write("q/k", out -> {
                        for (int i = 0; i < 100; i++) {
                            write(out, 1);
                            written.incrementAndGet();
                        }
                    });
                } catch (IOException impossible) {
                    throw new IllegalStateException(impossible);
                }
            });
            writer.start();
            await().untilAsserted(() -> {
                assertThat(sending).hasValue(atOnce);
                assertThat(writer.getState()).isEqualTo(Thread.State.WAITING);
            });
            // One buffer more is full, and waits for its turn.
            assertThat(written).hasValue((atOnce + 1) * PART / MEBIBYTE.length);
            released.countDown();
            writer.join();
            assertThat(s3.stored()).hasSize(13);
        }
    }

    @Test
    void aPartThatFailsAbortsTheUploadOnceTheOthersHaveEnded() {
        AtomicBoolean abortedBefore = new AtomicBoolean();
        CountDownLatch others = new CountDownLatch(1);
        s3.beforePart = number -> {
            if (number == 2) {
                hold(others);
                throw SdkClientException.create("the line is cut");
            }
            if (number == 3) {
                others.countDown();
                assertThatThrownBy(() -> new CountDownLatch(1).await()).isInstanceOf(InterruptedException.class);
                // Long enough for an abort that does not wait.
                for (int i = 0; i < 20 && !abortedBefore.get(); i++) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
                    abortedBefore.set(s3.requests.contains("abort"));
                }
            }
        };
        assertThatThrownBy(() -> store(2).write("q/k", out -> write(out, 100)))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("waybill/q/k")
                .hasMessageContaining("the line is cut");
        assertThat(abortedBefore).isFalse();
        assertThat(s3.requests).doesNotContain("complete").contains("part 3").endsWith("abort");
    }

    @Test
    void whoGoesOnAfterAPartThatFailedGetsNothingStored() {
        s3.beforePart = number -> {
            if (number == 1) {
                throw SdkClientException.create("the line is cut");
            }
        };
        List<Exception> failures = new ArrayList<>();
        assertThatThrownBy(() -> store(2).write("q/k", out -> {
                    for (int i = 0; i < 40; i++) {
                        try {
                            write(out, 1);
                        } catch (PayloadStoreException swallowed) {
                            failures.add(swallowed);
                        }
                    }
                }))
                .isInstanceOf(PayloadStoreException.class);
        assertThat(failures).isNotEmpty();
        assertThat(s3.requests).doesNotContain("complete").endsWith("abort");
    }

    @Test
    void whatIsWrongWithTheProgramIsNoTroubleOfTheStore() {
        s3.beforePart = number -> {
            throw new OutOfMemoryError("no heap");
        };
        assertThatThrownBy(() -> store(1).write("q/k", out -> write(out, 100)))
                .isInstanceOf(IllegalStateException.class)
                .hasCauseInstanceOf(OutOfMemoryError.class);
        assertThat(s3.requests).endsWith("abort");
    }

    @Test
    void anInterruptEndsTheUploadAndIsKept() {
        s3.beforePart = number -> hold(new CountDownLatch(1));
        assertThatThrownBy(() -> store(2).write("q/k", out -> {
                    write(out, 20);
                    Thread.currentThread().interrupt();
                    write(out, 80);
                }))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("waybill/q/k was interrupted");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(s3.requests).endsWith("abort");
    }

    @Test
    void theKeyOfKmsIsNamedByBothKindsOfUploads() throws Exception {
        PayloadStore store = S3PayloadStore.in(s3, "bucket").kmsKey("ours").build();
        store.write("q/small", out -> write(out, 1));
        store.write("q/large", out -> write(out, 17));
        assertThat(s3.requests).contains("put", "create");
        assertThat(s3.kmsKeys).containsExactly("aws:kms ours", "aws:kms ours");
    }

    /** The client repeats a request whose answer is lost, and what it is told then is of the first. */
    @Test
    void whatTheFirstOfTwoRequestsHasStoredIsNotTakenForAnothers() throws Exception {
        S3Exception thereIsOne =
                (S3Exception) S3Exception.builder().statusCode(412).build();
        for (S3Exception answer : List.of(
                thereIsOne, NoSuchUploadException.builder().statusCode(404).build())) {
            for (int mebibytes : new int[] {1, 17}) {
                FakeS3 repeating = new FakeS3();
                repeating.answer = answer;
                PayloadStore store = S3PayloadStore.in(repeating, "bucket").build();
                assertThat(store.write("q/k", out -> write(out, mebibytes))).isTrue();
                assertThat(repeating.requests).doesNotContain("abort").endsWith("head");
            }
        }
        s3.answer = thereIsOne;
        s3.overtaken = true;
        assertThat(store(2).write("q/k", out -> write(out, 1))).isFalse();
    }

    @Test
    void theNumberOfPartsAtOnceIsChecked() {
        for (int bad : new int[] {0, 65}) {
            assertThatThrownBy(() -> S3PayloadStore.in(s3, "bucket").partsAtOnce(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is " + bad)
                    .hasMessageContaining("1 to 64");
        }
    }

    private static void hold(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw SdkClientException.create("interrupted", interrupted);
        }
    }
}
