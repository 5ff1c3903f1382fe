package dev.waybill.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.ClaimCheck.Deletion;
import dev.waybill.claimcheck.FilePayloadStore;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PurgedPayloadsTest {
    private static final byte[] SECRET = "a secret of sixteen bytes and more".getBytes(UTF_8);

    @TempDir
    Path directory;

    private final Waybill waybill = open();
    private PayloadStore store;

    private Waybill open() {
        return Waybill.open(WaybillConfig.of(Map.of(
                "waybill.broker", "in-memory", "waybill.uri", "in-memory:purge-" + System.identityHashCode(this))));
    }

    private ClaimCheck.Builder check() {
        return ClaimCheck.in(store).threshold(10).signedWith("ours", SECRET);
    }

    private static Queue<String> queue(ClaimCheck check) {
        return Queue.named("q", Codec.text()).claimCheck(check).build();
    }

    @BeforeEach
    void aDeadLetterHasAPayload() {
        store = new FilePayloadStore("files", directory.resolve("payloads"));
        Queue<String> queue = queue(check().build());
        waybill.producer(queue).send("a payload that does not travel").join();
        waybill.consumer(queue).startReturning(delivery -> Outcome.deadLetter("no"));
        await().until(() -> waybill.deadLetters(queue).count() == 1);
        assertThat(keys()).hasSize(1);
    }

    @AfterEach
    void close() {
        waybill.close();
    }

    private List<String> keys() {
        return store.list("", 10).stream().map(StoredPayload::key).toList();
    }

    /** A process purges the dead letter. */
    private void purge(Queue<?> queue) {
        try (Waybill process = open()) {
            assertThat(process.deadLetters(queue).purgeWithPayloads(DeadLetterFilter.all(), 1))
                    .isEqualTo(1);
        }
        assertThat(waybill.deadLetters(queue).count()).isZero();
    }

    @Test
    void itIsDeletedWithItsDeadLetter() {
        purge(queue(check().build()));
        assertThat(keys()).isEmpty();
    }

    /** Not noted as done: a copy of its message that is in the queue would be taken for handled. */
    @Test
    void whatWouldBeKeptForATimeIsDeletedToo() {
        purge(queue(check().deletion(Deletion.keep(Duration.ofDays(1))).build()));
        assertThat(keys()).isEmpty();
    }

    @Test
    void whatIsNeverDeletedStays() {
        purge(queue(check().deletion(Deletion.never()).build()));
        assertThat(keys()).hasSize(1);
    }

    @Test
    void whatIsNotSignedAsDeclaredStays() {
        purge(queue(ClaimCheck.in(store)
                .signedWith("other", "another secret, as long".getBytes(UTF_8))
                .build()));
        assertThat(keys()).hasSize(1);
    }

    @Test
    void whoHasValetKeysAlonePurgesLettersAlone() {
        String reference = """
                waybill-claim-check: 1
                store: elsewhere
                key: q/k
                bytes: 11
                sha-256: %s
                content-type: text/plain
                created: 2026-11-28T00:00:00Z
                expires: 2026-11-29T00:00:00Z
                valet-key: https://store.example/waybill/q/k?signature=s
                """.formatted("0".repeat(64));
        Queue<String> undeclared = Queue.named("valet", new ForgedReferences()).build();
        waybill.producer(undeclared).send(reference).join();
        waybill.consumer(undeclared).start(delivery -> {});
        Queue<String> queue = Queue.named("valet", Codec.text())
                .claimCheck(
                        ClaimCheck.byValetKey("https://store.example/waybill/").build())
                .build();
        await().until(() -> waybill.deadLetters(queue).count() == 1);
        assertThat(waybill.deadLetters(queue).purgeWithPayloads(DeadLetterFilter.all(), 1))
                .isEqualTo(1);
    }

    @Test
    void whatIsNotPurgedKeepsItsPayload() {
        Queue<String> queue = queue(check().build());
        try (Waybill process = open()) {
            assertThatThrownBy(() -> process.deadLetters(queue).purgeWithPayloads(DeadLetterFilter.all(), 2))
                    .hasMessageContaining("1 of");
            assertThatThrownBy(() -> process.deadLetters(
                                    Queue.named("q", Codec.text()).build())
                            .purgeWithPayloads(DeadLetterFilter.all(), 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("claimCheck(...)");
        }
        assertThat(waybill.deadLetters(queue).count()).isEqualTo(1);
        assertThat(keys()).hasSize(1);
    }

    /** Anybody may have sent a reference that is not signed. */
    @Test
    void whatIsNotOfTheQueueStaysUnlessItIsSigned() throws Exception {
        store.write("other/theirs", out -> out.write("a payload of others".getBytes(UTF_8)));
        String reference = """
                waybill-claim-check: 1
                store: files
                key: other/theirs
                bytes: 19
                sha-256: %s
                content-type: text/plain
                created: 2026-11-28T00:00:00Z
                """.formatted("0".repeat(64));
        Queue<String> forging = Queue.named("open", new ForgedReferences()).build();
        waybill.producer(forging).send(reference).join();
        waybill.consumer(forging).start(delivery -> {});
        Queue<String> open = Queue.named("open", Codec.text())
                .claimCheck(ClaimCheck.in(store).build())
                .build();
        await().until(() -> waybill.deadLetters(open).count() == 1);
        assertThat(waybill.deadLetters(open).purgeWithPayloads(DeadLetterFilter.all(), 1))
                .isEqualTo(1);
        assertThat(keys()).contains("other/theirs");
    }
}
