package dev.waybill.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.claimcheck.PayloadCollector;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What Azure may answer, and its double does not. */
@Timeout(60)
class AnswersTest {
    private FakeAzure azure;
    private PayloadStore store;

    @BeforeEach
    void start() throws IOException {
        azure = new FakeAzure();
        store = AzurePayloadStore.in(azure.client(Duration.ofSeconds(30)).buildClient())
                .build();
    }

    @AfterEach
    void stop() {
        azure.close();
    }

    @Test
    void aListThatAlwaysStartsAtTheFirstComesToAnEnd() {
        azure.listed = List.of("waybill/q/A", "waybill/q/_", "waybill/q/a", "waybill/q/a.done", "waybill/q/b");
        assertThat(store.list("", 2)).extracting(StoredPayload::key).containsExactly("q/A", "q/_");
        assertThat(store.list("q/_", 2)).extracting(StoredPayload::key).containsExactly("q/a", "q/a.done");
        assertThat(store.list("q/b", 2)).isEmpty();
        assertThat(PayloadCollector.in(store).dryRun().needed()).isEqualTo(3);
    }

    @Test
    void aBlobThatCannotBeDeletedKeepsNoOther() {
        List<String> keys = IntStream.range(0, 600).mapToObj(i -> "q/k" + i).toList();
        List<String> asked = new CopyOnWriteArrayList<>();
        azure.deletion = blob -> {
            asked.add(blob);
            return switch (blob) {
                case "k1" -> "404 BlobNotFound";
                case "k2" -> "409 SnapshotsPresent";
                case "k300" -> "412 LeaseIdMissing";
                default -> "202 Accepted";
            };
        };
        assertThatThrownBy(() -> store.delete(keys))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("does not delete 2 of 600 blobs, first 'q/k2'")
                .hasMessageEndingWith("it answers 409 SnapshotsPresent");
        assertThat(asked).hasSize(600);
        assertThat(azure.requests).containsExactly("batch", "batch", "batch");
        store.delete(keys.subList(3, 300));
    }
}
