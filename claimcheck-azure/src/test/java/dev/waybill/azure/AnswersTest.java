package dev.waybill.azure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.claimcheck.PayloadCollector;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
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
}
