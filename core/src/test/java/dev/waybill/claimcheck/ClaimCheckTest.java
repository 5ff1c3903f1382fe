package dev.waybill.claimcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.Codec;
import dev.waybill.ProducerOptions;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.ClaimCheck.Deletion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClaimCheckTest {
    private static final String TRUSTED = "https://bucket.s3.eu-west-1.amazonaws.com/waybill/";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bucket.s3.amazonaws.com",
                "https://",
                "https:///waybill/",
                "https://bucket.s3.amazonaws.com",
                "https://bucket.s3.amazonaws.com/waybill",
                "https://bucket.s3.amazonaws.com//",
                "https://bucket.s3.amazonaws.com/../",
                "https://bucket.s3.amazonaws.com/%2e%2e/",
                "https://bucket.s3.amazonaws.com:0/",
                "https://bucket.s3.amazonaws.com:65536/",
                "https://user@bucket.s3.amazonaws.com/",
                "https://bucket.s3.amazonaws.com/?query",
                "https://bucket.s3.amazonaws.com/#fragment",
                "https://*.amazonaws.com/",
                "ftp://bucket.s3.amazonaws.com/",
                "file:///payloads/"
            })
    void anAddressThatCannotBeTrustedIsNamed(String address) {
        assertThatThrownBy(() -> ClaimCheck.byValetKey(TRUSTED, address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + address + "'")
                .hasMessageContaining("https://");
    }

    @Test
    void whoHasOnlyValetKeysDeletesNothingAndSendsNothing() {
        assertThatThrownBy(() -> ClaimCheck.byValetKey()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ClaimCheck.byValetKey(TRUSTED)
                        .deletion(Deletion.afterAcknowledgement())
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("never()");
        assertThatThrownBy(() -> ClaimCheck.byValetKey(TRUSTED)
                        .valetKeys(Duration.ofHours(1))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no store");
        ClaimCheck check = ClaimCheck.byValetKey(TRUSTED).build();
        assertThat(check.deletion()).isEqualTo(Deletion.never());
        assertThatThrownBy(() -> PayloadCollector.of(check)).isInstanceOf(IllegalStateException.class);
        Queue<String> queue = Queue.named("q", Codec.text()).claimCheck(check).build();
        try (Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")))) {
            assertThatThrownBy(() -> waybill.producer(queue))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(TRUSTED)
                    .hasMessageContaining("withClaimCheck");
            ClaimCheck own = ClaimCheck.in(new FilePayloadStore("files", directory.resolve("payloads")))
                    .build();
            waybill.producer(queue, new ProducerOptions(1, 1, Duration.ofSeconds(1)).withClaimCheck(own))
                    .sendAndWait("it is sent");
        }
    }

    @Test
    void aStoreThatGivesNoValetKeysIsNamed() {
        ClaimCheck.Builder builder = ClaimCheck.in(new FilePayloadStore("files", directory.resolve("payloads")));
        assertThatThrownBy(() -> builder.valetKeys(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.valetKeys(Duration.ofHours(1)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'files' gives none");
    }
}
