package dev.waybill.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.internal.Reference.Refused;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ValetKeyTest {
    private static final Instant EXPIRES = Instant.parse("2026-01-02T03:04:05Z");
    private static final String ADDRESS = "https://payloads.example/waybill/q/1?X-Amz-Signature=0f0f";
    private static final ClaimCheck CHECK = ClaimCheck.byValetKey("https://payloads.example/")
            .signedWith("k1", "a secret of sixteen bytes and more".getBytes(UTF_8))
            .build();

    private static Reference reference(String address) throws Refused {
        return new Reference(
                "s3", "q/1", 5, "0".repeat(64), "text/plain", EXPIRES, ValetKey.of(address, EXPIRES), null, null);
    }

    @Test
    void itTravelsAndTheSignatureOfTheReferenceCoversIt() throws Refused {
        String text = new String(reference(ADDRESS).encode("id", CHECK), UTF_8);
        assertThat(Reference.decode(text.getBytes(UTF_8), "id", CHECK)).isEqualTo(reference(ADDRESS));
        for (String changed : new String[] {
            text.replace("0f0f", "1f1f"),
            text.replace("expires: 2026", "expires: 2027"),
            text.replaceFirst("valet-key: .*\n", "")
        }) {
            assertThat(changed).isNotEqualTo(text);
            assertThatThrownBy(() -> Reference.decode(changed.getBytes(UTF_8), "id", CHECK))
                    .isInstanceOf(Refused.class)
                    .hasMessageContaining("signature does not hold");
        }
    }

    /** However hosts and usual ports are written. */
    @Test
    void whatIsBelowATrustedAddressIsTrusted() throws Refused {
        for (String address : new String[] {
            "https://payloads.example/q/1",
            "https://payloads.example:443/q/1?a=b",
            "https://PAYLOADS.example/a.b/c/q/1",
            "https://payloads.example/container/waybill/q/1?se=2026-11-28T07%3A00%3A00Z&sr=b&sp=r&sig=a%2Fb%2Bc%3D",
            // As deep as the longest is.
            "https://payloads.example/" + "a/".repeat(2030) + "q/1",
        }) {
            ValetKey.of(address, EXPIRES).demandTrusted("q/1", CHECK.trustedAddresses());
        }
    }

    @Test
    void itsQueryIsShownNowhere() throws Refused {
        Reference reference = reference(ADDRESS);
        assertThat(reference.toString()).contains("payloads.example").doesNotContain("0f0f");
        assertThat(reference.valetKey()).asString().contains("2026-01-02T03:04:05Z");
        assertThatThrownBy(() -> reference("https://other.example/q/1?X-Amz-Signature=0f0f")
                        .valetKey()
                        .demandTrusted("q/1", CHECK.trustedAddresses()))
                .hasMessageContaining("other.example")
                .hasMessageNotContaining("0f0f");
        for (String bad : new String[] {
            "https://payloads.example/q/1?X-Amz-Signature= 0f0f",
            "nowhere?X-Amz-Signature=0f0f",
            "https://payloads.example/q/1?X-Amz-Signature=0f0f" + "0".repeat(5000)
        }) {
            assertThatThrownBy(() -> ValetKey.of(bad, EXPIRES))
                    .isInstanceOf(Refused.class)
                    .hasNoCause()
                    .hasMessageNotContaining("0f0f");
        }
        String folded = new String(reference.encode("id", CHECK), UTF_8).replace("?X-", "\nX-: ");
        assertThatThrownBy(() -> Reference.decode(folded.getBytes(UTF_8), "id", CHECK))
                .isInstanceOf(Refused.class)
                .hasMessageNotContaining("0f0f");
    }
}
