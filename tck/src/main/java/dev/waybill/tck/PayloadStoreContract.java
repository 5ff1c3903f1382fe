package dev.waybill.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@link PayloadStore} promises. Whoever writes a store extends this. */
public abstract class PayloadStoreContract {
    private static final int WRITERS = 8;

    /** More than a store takes in one piece. */
    private static final int LARGE = 17 << 20;

    private PayloadStore store;

    /** A store that is empty; asked for once per test. */
    protected abstract PayloadStore store() throws Exception;

    @BeforeEach
    final void openStore() throws Exception {
        store = store();
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private boolean write(String key, byte[] bytes) throws IOException {
        return store.write(key, out -> out.write(bytes));
    }

    private byte[] read(String key) throws Exception {
        try (InputStream in = store.read(key)) {
            return in.readAllBytes();
        }
    }

    private List<String> keys() {
        return store.list("", 1000).stream().map(StoredPayload::key).toList();
    }

    @Test
    void whatIsWrittenIsReadByteForByte() throws Exception {
        assertThat(write("q/some", bytes(100_000))).isTrue();
        assertThat(write("q/empty", new byte[0])).isTrue();
        assertThat(read("q/some")).isEqualTo(bytes(100_000));
        assertThat(read("q/some")).as("once more").isEqualTo(bytes(100_000));
        assertThat(read("q/empty")).isEmpty();
    }

    @Test
    void aLargePayloadIsWrittenInPiecesAndReadInPieces() throws Exception {
        byte[] large = bytes(LARGE);
        store.write("q/large", out -> {
            for (int from = 0; from < LARGE; from += 10_000) {
                out.write(large, from, Math.min(10_000, LARGE - from));
            }
        });
        assertThat(read("q/large")).isEqualTo(large);
        assertThat(store.list("", 10))
                .singleElement()
                .satisfies(stored -> assertThat(stored.bytes()).isEqualTo(LARGE));
    }

    @Test
    void singleBytesAreWritten() throws Exception {
        store.write("q/single", out -> {
            for (byte one : "bytes".getBytes(UTF_8)) {
                out.write(one);
            }
        });
        assertThat(read("q/single")).asString(UTF_8).isEqualTo("bytes");
    }

    @Test
    void aKeyIsNeverWrittenOver() throws Exception {
        assertThat(write("q/k", bytes(10))).isTrue();
        assertThat(write("q/k", bytes(20))).isFalse();
        assertThat(write("q/k", bytes(LARGE))).isFalse();
        assertThat(read("q/k")).isEqualTo(bytes(10));
    }

    @Test
    protected void ofManyThatWriteOneKeyAtOnceOneWins() throws Exception {
        CyclicBarrier start = new CyclicBarrier(WRITERS);
        List<Callable<Boolean>> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            byte[] own = bytes(1000 + i);
            writers.add(() -> {
                start.await();
                return write("q/k", own);
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
        try {
            int winner = -1;
            List<Future<Boolean>> results = threads.invokeAll(writers);
            for (int i = 0; i < WRITERS; i++) {
                if (results.get(i).get()) {
                    assertThat(winner).as("another that won").isNegative();
                    winner = i;
                }
            }
            assertThat(read("q/k")).isEqualTo(bytes(1000 + winner));
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void whatIsWrittenHalfIsNotThere() throws Exception {
        for (int length : new int[] {0, 1000, LARGE}) {
            assertThatThrownBy(() -> store.write("q/half", out -> {
                        out.write(bytes(length));
                        throw new IOException("the source is gone");
                    }))
                    .isInstanceOf(IOException.class)
                    .hasMessage("the source is gone");
            assertThatThrownBy(() -> store.write("q/half", out -> {
                        out.write(bytes(length));
                        throw new IllegalStateException("the source is mad");
                    }))
                    .isInstanceOf(IllegalStateException.class);
        }
        assertThat(store.exists("q/half")).isFalse();
        assertThat(keys()).isEmpty();
        assertThat(write("q/half", bytes(10))).isTrue();
    }

    @Test
    void whatIsNotThereIsMissing() throws Exception {
        write("q/k", bytes(10));
        for (String absent : List.of("q/none", "none", "q/k/more", "other/k")) {
            assertThat(store.exists(absent)).as(absent).isFalse();
            assertThatThrownBy(() -> store.read(absent))
                    .as(absent)
                    .isInstanceOf(PayloadMissingException.class)
                    .hasMessageContaining(absent)
                    .hasMessageContaining(store.name());
        }
        assertThat(store.exists("q/k")).isTrue();
    }

    @Test
    void whatIsDeletedIsGoneAndTheOthersAreNot() throws Exception {
        write("q/a", bytes(10));
        write("q/a.done", new byte[0]);
        write("q/b", bytes(10));
        store.delete(List.of("q/a", "q/none"));
        assertThat(keys()).containsExactly("q/a.done", "q/b");
        store.delete(List.of());
        store.delete(List.of("q/a.done", "q/b"));
        assertThat(keys()).isEmpty();
        assertThat(write("q/a", bytes(20))).isTrue();
    }

    @Test
    void thousandsAreDeletedAtOnce() throws Exception {
        List<String> many = new ArrayList<>();
        for (int i = 0; i < 1200; i++) {
            many.add("q/" + i);
            if (i % 100 == 0) {
                write("q/" + i, bytes(1));
            }
        }
        write("q/other", bytes(1));
        store.delete(many);
        assertThat(keys()).containsExactly("q/other");
    }

    @Test
    void allAreListedInTheOrderOfTheirKeysPageByPage() throws Exception {
        List<String> all = List.of(
                "a", "a-b/1", "a-b/1.done", "a/1", "a/b/c/1", "a0/1", "b/1", "b/10", "b/2", "b/A", "b/_", "b/a");
        List<String> shuffled = new ArrayList<>(all);
        java.util.Collections.shuffle(shuffled, new Random(1));
        // A file cannot be called as a directory is.
        shuffled.remove("a");
        for (String key : shuffled) {
            write(key, bytes(key.length()));
        }
        List<String> expected = all.subList(1, all.size());
        assertThat(keys()).containsExactlyElementsOf(expected);
        List<String> paged = new ArrayList<>();
        String after = "";
        List<StoredPayload> page = store.list(after, 4);
        while (!page.isEmpty()) {
            assertThat(page).hasSizeLessThanOrEqualTo(4);
            page.forEach(stored -> {
                paged.add(stored.key());
                assertThat(stored.bytes()).isEqualTo(stored.key().length());
            });
            // Or it would never end.
            assertThat(paged).doesNotHaveDuplicates();
            after = page.get(page.size() - 1).key();
            page = store.list(after, 4);
        }
        assertThat(paged).containsExactlyElementsOf(expected);
    }

    @Test
    void whatIsListedTellsWhenItWasStored() throws Exception {
        long before = System.currentTimeMillis();
        write("q/k", bytes(10));
        long after = System.currentTimeMillis();
        // Some stores count whole seconds.
        assertThat(store.list("", 1).get(0).storedAtMillis()).isBetween(before - 2000, after + 2000);
    }

    @Test
    void aKeyOfAnotherFormIsRefusedWithoutALook() {
        for (String key : List.of(
                "",
                "/",
                "/q/k",
                "q/",
                "q//k",
                "..",
                "../k",
                "q/../k",
                "q/..",
                "q/./k",
                ".k",
                "q/.k",
                "q\\k",
                "q/k\n",
                "q/k.done.done",
                "q/ k",
                "q/é",
                "a/b/c/d/e",
                "x".repeat(200))) {
            assertThatThrownBy(() -> store.read(key)).as(key).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.write(key, out -> {})).as(key).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.exists(key)).as(key).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.delete(List.of(key))).as(key).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(keys()).isEmpty();
    }
}
