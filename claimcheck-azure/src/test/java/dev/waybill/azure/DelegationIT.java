package dev.waybill.azure;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.azure.core.credential.AccessToken;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestCertificates;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Valet keys that are signed without the account's key. Azurite believes whatever token it is shown, over TLS. */
class DelegationIT {
    private static String token(OffsetDateTime expires) {
        String claims =
                "{\"aud\":\"https://storage.azure.com\",\"iss\":\"https://sts.windows.net/tenant/\",\"iat\":1,\"nbf\":1,"
                        + "\"exp\":" + expires.toEpochSecond() + ",\"oid\":\"11059fcc-5514-4800-b5f8-49808b9cfab6\","
                        + "\"tid\":\"ab1f708d-50f6-404c-a006-d71b2ac7a606\"}";
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        return encoder.encodeToString("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(UTF_8)) + "."
                + encoder.encodeToString(claims.getBytes(UTF_8)) + "." + encoder.encodeToString(new byte[32]);
    }

    @Test
    void anIdentityWithoutTheAccountsKeyMakesValetKeys() throws Exception {
        assumeTrue(
                TestServers.offers("azure"), "Azurite as a local process is fetched by npm, which is not on the PATH");
        try (TestCertificates certificates = TestCertificates.create();
                TestServer server =
                        TestServers.start("azure", ServerOptions.usual().withTls(certificates))) {
            SSLContext tls = certificates.sslContext();
            AtomicInteger delegations = new AtomicInteger();
            BlobContainerClientBuilder client = Azurite.client(server.uri(), "payloads")
                    .httpClient(new JdkHttpClientBuilder(HttpClient.newBuilder().sslContext(tls)).build())
                    .addPolicy((request, next) -> {
                        if (String.valueOf(request.getHttpRequest().getUrl().getQuery())
                                .contains("userdelegationkey")) {
                            delegations.incrementAndGet();
                        }
                        return next.process();
                    });
            OffsetDateTime tomorrow = OffsetDateTime.now().plusDays(1);
            BlobContainerClient identified = client.credential(
                            asked -> Mono.just(new AccessToken(token(tomorrow), tomorrow)))
                    .buildClient();
            identified.create();
            PayloadStore store =
                    AzurePayloadStore.in(identified).valetKeysByDelegation().build();
            store.write("q/k", out -> out.write("content".getBytes(UTF_8)));

            URI address = store.valetKey("q/k", Duration.ofHours(1)).orElseThrow();
            assertThat(address.getQuery()).contains("skoid=", "spr=https&");
            HttpClient http = HttpClient.newBuilder().sslContext(tls).build();
            HttpResponse<String> response =
                    http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(response.body()).isEqualTo("content");
            URI tampered = URI.create(address.toString().replaceFirst("sig=...", "sig=AAA"));
            assertThat(http.send(HttpRequest.newBuilder(tampered).build(), HttpResponse.BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(403);

            store.valetKey("q/other", Duration.ofDays(6));
            assertThat(delegations).as("one for all").hasValue(1);
            assertThatThrownBy(() -> store.valetKey("q/k", Duration.ofDays(7)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("PT168H")
                    .hasMessageContaining("PT144H");

            PayloadStore withoutIdentity = AzurePayloadStore.in(
                            client.credential(new StorageSharedKeyCredential("devstoreaccount1", Azurite.KEY))
                                    .buildClient())
                    .valetKeysByDelegation()
                    .build();
            assertThatThrownBy(() -> withoutIdentity.valetKey("q/k", Duration.ofHours(1)))
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining("gives no key for delegation");
        }
    }
}
