package dev.waybill.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How payloads go, which a real server would not show. */
@Timeout(60)
class UploadTest {
    private static final int BLOCK = Upload.BLOCK;
    private static final byte[] MEBIBYTE = new byte[1 << 20];
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private FakeAzure azure;

    @BeforeEach
    void start() throws IOException {
        azure = new FakeAzure();
    }

    @AfterEach
    void leavesNoThread() {
        azure.close();
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("waybill-azure-upload"));
    }

    private PayloadStore store(int blocksAtOnce) {
        return AzurePayloadStore.in(azure.client(PATIENCE).buildClient())
                .blocksAtOnce(blocksAtOnce)
                .build();
    }

    private static void write(OutputStream out, int mebibytes) throws IOException {
        for (int i = 0; i < mebibytes; i++) {
            out.write(MEBIBYTE);
        }
    }

    @Test
    void oneBlockGoesInOneRequest() throws Exception {
        byte[] payload = new byte[BLOCK];
        new Random(1).nextBytes(payload);
        assertThat(store(2).write("q/k", out -> out.write(payload))).isTrue();
        assertThat(azure.requests).containsExactly("put");
        assertThat(azure.stored().get(0)).isEqualTo(payload);
    }

    @Test
    void whatIsLargerGoesInBlocks() throws Exception {
        byte[] payload = new byte[2 * BLOCK + 1];
        new Random(1).nextBytes(payload);
        assertThat(store(2).write("q/k", out -> {
                    out.write(payload, 0, BLOCK - 1);
                    out.write(payload, BLOCK - 1, BLOCK + 2);
                }))
                .isTrue();
        assertThat(azure.requests)
                .containsExactlyInAnyOrder("block 0", "block 1", "block 2", "commit")
                .endsWith("commit");
        assertThat(azure.stored()).extracting(block -> block.length).containsExactly(BLOCK, BLOCK, 1);
        int at = 0;
        for (byte[] block : azure.stored()) {
            assertThat(block).isEqualTo(Arrays.copyOfRange(payload, at, at + block.length));
            at += block.length;
        }
    }

    /** Whose digits are not those of ASCII. */
    @ParameterizedTest
    @ValueSource(strings = {"ar-EG", "fa-IR"})
    void blocksAreToldApartInWhateverLanguageTheJvmSpeaks(String language) throws Exception {
        byte[] payload = new byte[2 * BLOCK];
        new Random(1).nextBytes(payload);
        Locale usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag(language));
        try {
            assertThat(store(2).write("q/k", out -> out.write(payload))).isTrue();
            assertThat(azure.stored())
                    .containsExactly(Arrays.copyOf(payload, BLOCK), Arrays.copyOfRange(payload, BLOCK, 2 * BLOCK));
            azure.store(payload);
            try (InputStream in = store(2).read("q/k")) {
                assertThat(in.readAllBytes()).isEqualTo(payload);
            }
        } finally {
            Locale.setDefault(usual);
        }
    }

    @Test
    void blocksAreSentWhileTheNextIsWrittenAndNoMoreIsInMemory() throws Exception {
        for (int atOnce : List.of(1, 3)) {
            CountDownLatch released = new CountDownLatch(1);
            AtomicInteger sending = new AtomicInteger();
            azure.beforeBlock = number -> {
                sending.incrementAndGet();
                hold(released);
            };
            AtomicInteger written = new AtomicInteger();
            String key = "q/" + atOnce;
            Thread writer = new Thread(() -> {
                try {
                    store(atOnce).write(key, out -> {
                        for (int i = 0; i < 50; i++) {
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
            assertThat(written).hasValue((atOnce + 1) * BLOCK / MEBIBYTE.length);
            released.countDown();
            writer.join();
            assertThat(azure.requests).filteredOn("commit"::equals).hasSize(1);
            azure.requests.clear();
        }
    }

    @Test
    void aBlockThatIsRefusedFailsTheUpload() {
        azure.instead = request -> request.equals("block 1") ? "403 AuthorizationFailure" : null;
        assertThatThrownBy(() -> store(2).write("q/k", out -> write(out, 50)))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("waybill/q/k")
                .hasMessageEndingWith("it answers 403 AuthorizationFailure");
        assertThat(azure.requests).contains("block 1").doesNotContain("commit");
    }

    @Test
    void whoGoesOnAfterABlockThatFailedGetsNothingStored() {
        azure.instead = request -> request.equals("block 0") ? "403 AuthorizationFailure" : null;
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
        assertThat(azure.requests).doesNotContain("commit");
    }

    @Test
    void whatIsWrongWithTheProgramIsNoTroubleOfTheStore() {
        PayloadStore store = AzurePayloadStore.in(azure.client(PATIENCE)
                        .addPolicy((request, next) -> {
                            if (request.getHttpRequest().getUrl().getQuery() != null
                                    && request.getHttpRequest()
                                            .getUrl()
                                            .getQuery()
                                            .contains("comp=block")) {
                                throw new OutOfMemoryError("no heap");
                            }
                            return next.process();
                        })
                        .buildClient())
                .build();
        assertThatThrownBy(() -> store.write("q/k", out -> write(out, 50)))
                .isInstanceOf(IllegalStateException.class)
                .hasCauseInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void anInterruptEndsTheUploadAndIsKept() {
        CountDownLatch never = new CountDownLatch(1);
        azure.beforeBlock = number -> hold(never);
        assertThatThrownBy(() -> store(2).write("q/k", out -> {
                    write(out, 20);
                    Thread.currentThread().interrupt();
                    write(out, 80);
                }))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("waybill/q/k was interrupted");
        assertThat(Thread.interrupted()).isTrue();
    }

    /** The SDK itself forgets some; the engine must know, or it takes the store to be down. */
    @Test
    void anInterruptOfOneRequestIsKept() throws Exception {
        PayloadStore store = store(2);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> store.exists("q/k")).isInstanceOf(PayloadStoreException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThatThrownBy(
                        () -> store.write("q/k", out -> Thread.currentThread().interrupt()))
                .isInstanceOf(PayloadStoreException.class);
        assertThat(Thread.interrupted()).isTrue();
        azure.store(new byte[9 << 20]);
        try (InputStream in = store.read("q/k")) {
            in.readNBytes(4 << 20);
            Thread.currentThread().interrupt();
            assertThatThrownBy(in::read).isInstanceOf(PayloadStoreException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> store.read("q/k")).isInstanceOf(PayloadStoreException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anInterruptWhileAnAnswerIsReadIsKept() throws Exception {
        PayloadStore store = store(2);
        azure.store(new byte[9 << 20]);
        Thread reader = Thread.currentThread();
        CountDownLatch never = new CountDownLatch(1);
        try (InputStream in = store.read("q/k")) {
            in.readNBytes(4 << 20);
            azure.halfWay = () -> {
                await().until(() -> EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING)
                        .contains(reader.getState()));
                reader.interrupt();
                hold(never);
            };
            assertThatThrownBy(in::read).isInstanceOf(PayloadStoreException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThatThrownBy(() -> store.read("q/k")).isInstanceOf(PayloadStoreException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void whatTheFirstOfTwoRequestsHasStoredIsNotTakenForAnothers() throws Exception {
        for (int mebibytes : new int[] {1, 9}) {
            try (FakeAzure losing = new FakeAzure()) {
                PayloadStore store = AzurePayloadStore.in(
                                losing.client(PATIENCE).buildClient())
                        .build();
                losing.instead = request -> {
                    if (request.equals("put") || request.equals("commit")) {
                        losing.answersToLose.compareAndSet(0, losing.requests.contains(request) ? 0 : 1);
                    }
                    return null;
                };
                assertThat(store.write("q/k", out -> write(out, mebibytes))).isTrue();
                String last = mebibytes == 1 ? "put" : "commit";
                assertThat(losing.requests).endsWith(last, last, "head");
            }
        }
    }

    @Test
    void whatIsRepeatedIsWhole() throws Exception {
        byte[] payload = new byte[BLOCK + 1];
        new Random(1).nextBytes(payload);
        azure.instead = request -> azure.requests.contains(request) ? null : "503 ServerBusy";
        assertThat(store(2).write("q/k", out -> out.write(payload))).isTrue();
        assertThat(azure.requests).filteredOn("block 0"::equals).hasSize(2);
        assertThat(azure.stored().get(0)).isEqualTo(Arrays.copyOf(payload, BLOCK));
    }

    @Test
    void whatAnotherHasWrittenIsAnothers() throws Exception {
        azure.store(new byte[3]);
        for (int mebibytes : new int[] {1, 9}) {
            assertThat(store(2).write("q/k", out -> write(out, mebibytes))).isFalse();
            assertThat(azure.requests).endsWith("head");
        }
        assertThat(azure.stored()).extracting(blob -> blob.length).containsExactly(3);
    }

    /** When somebody else commits a blob, Azure forgets the blocks of all others. */
    @Test
    void whoseBlocksAreGoneHasLostTheRaceIfThereIsABlobNow() throws Exception {
        azure.instead = request -> request.equals("commit") ? "400 InvalidBlockList" : null;
        assertThatThrownBy(() -> store(2).write("q/k", out -> write(out, 9)))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("InvalidBlockList");
        azure.store(new byte[3]);
        assertThat(store(2).write("q/k", out -> write(out, 9))).isFalse();
    }

    @Test
    void theNumberOfBlocksAtOnceIsChecked() {
        for (int bad : new int[] {0, 65}) {
            assertThatThrownBy(() -> AzurePayloadStore.in(azure.client(PATIENCE).buildClient())
                            .blocksAtOnce(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is " + bad)
                    .hasMessageContaining("1 to 64");
        }
    }

    private static void hold(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
