package dev.waybill.azure;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.azure.core.util.BinaryData;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobListDetails;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.sas.BlobContainerSasPermission;
import com.azure.storage.blob.sas.BlobServiceSasSignatureValues;
import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.tck.PayloadStoreContract;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@TestInstance(Lifecycle.PER_CLASS)
class AzurePayloadStoreIT extends PayloadStoreContract {
    /** Goes in blocks. */
    private static final int LARGE = 20 << 20;

    private final HttpClient http = HttpClient.newHttpClient();
    private TestServer server;
    private BlobContainerClient container;

    @BeforeAll
    void startServer() {
        assumeTrue(
                TestServers.offers("azure"),
                "Azurite as a local process is fetched by npm, which is not on the PATH; Debian's package npm has it");
        server = TestServers.start("azure");
    }

    @AfterAll
    void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected PayloadStore store() {
        container = Azurite.withKey(server.uri(), "c-" + UUID.randomUUID());
        container.create();
        return in(container);
    }

    private static PayloadStore in(BlobContainerClient container) {
        return AzurePayloadStore.in(container).valetKeysByAccountKey().build();
    }

    /** Also those that are nothing but blocks. */
    private List<String> blobs() {
        return container
                .listBlobs(
                        new ListBlobsOptions().setDetails(new BlobListDetails().setRetrieveUncommittedBlobs(true)),
                        null)
                .stream()
                .map(BlobItem::getName)
                .toList();
    }

    @Test
    void anUploadInBlocksThatFailsLeavesNoBlobAndDoesNotHinderTheNext() throws IOException {
        PayloadStore store = AzurePayloadStore.in(container).blocksAtOnce(1).build();
        assertThatThrownBy(() -> store.write("q/k", out -> {
                    // The third block can begin when the first has arrived.
                    out.write(new byte[LARGE]);
                    throw new IOException("the source is gone");
                }))
                .hasMessage("the source is gone");
        assertThat(blobs()).as("blocks of what is no blob").containsExactly("waybill/q/k");
        assertThat(store.exists("q/k")).isFalse();
        assertThat(store.list("", 10)).isEmpty();
        assertThat(store.write("q/k", out -> out.write(new byte[LARGE]))).isTrue();
        assertThat(store.list("", 10)).extracting(StoredPayload::bytes).containsExactly((long) LARGE);
    }

    @Test
    void anUploadInBlocksThatLosesTheRaceChangesNothing() throws IOException {
        PayloadStore store = in(container);
        for (int other : new int[] {1, LARGE + 1}) {
            String key = "q/" + other;
            assertThat(store.write(key, out -> {
                        out.write(new byte[LARGE]);
                        assertThat(store.write(key, more -> more.write(new byte[other])))
                                .isTrue();
                    }))
                    .isFalse();
            assertThat(store.list("", 10)).extracting(StoredPayload::bytes).contains((long) other);
        }
    }

    @Test
    void whatDoesNotFitIntoTheHeapPassesThroughIt() throws Exception {
        Process process = LargePayload.process(server.uri(), container.getBlobContainerName())
                .start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("ended").isTrue();
            assertThat(process.exitValue()).as(said).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void blobsAreUnderThePrefixAndThoseOfOthersAreNotSeen() throws IOException {
        PayloadStore store = AzurePayloadStore.in(container).prefix("team/one/").build();
        store.write("q/k", out -> out.write(1));
        assertThat(blobs()).containsExactly("team/one/q/k");
        container.getBlobClient("team/two/q/k").upload(BinaryData.fromString("other"));
        container.getBlobClient("team/one/not a key").upload(BinaryData.fromString("other"));
        assertThat(store.list("", 10)).extracting(StoredPayload::key).containsExactly("q/k");
        assertThatThrownBy(() -> AzurePayloadStore.in(container).prefix("../"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'../'");
    }

    @Test
    void aContainerThatDoesNotExistIsNamed() {
        assertThatThrownBy(() -> in(Azurite.withKey(server.uri(), "no-such-container")))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("/no-such-container/waybill/")
                .hasMessageContaining("ContainerNotFound");
        PayloadStore store = in(container);
        container.delete();
        assertThatThrownBy(() -> store.read("q/k"))
                .as("a container that is gone is trouble of the store, not a payload that is missing")
                .isInstanceOf(PayloadStoreException.class);
        assertThatThrownBy(() -> store.exists("q/k")).isInstanceOf(PayloadStoreException.class);
    }

    @Test
    void aServerThatIsDownIsTroubleOfTheStore() {
        assertThatThrownBy(() -> in(Azurite.withKey("http://127.0.0.1:1/devstoreaccount1", "c")))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("http://127.0.0.1:1/devstoreaccount1/c/waybill/")
                .hasMessageContaining("ConnectException");
    }

    @Test
    void whatOpensTheContainerIsShownNowhere() {
        String permitted = container.generateSas(new BlobServiceSasSignatureValues(
                OffsetDateTime.now().plusHours(1),
                new BlobContainerSasPermission().setReadPermission(true).setListPermission(true)));
        String secret = permitted.substring(permitted.indexOf("sig=") + "sig=".length());
        PayloadStore store = AzurePayloadStore.in(
                        Azurite.client(server.uri() + "?" + permitted, container.getBlobContainerName())
                                .buildClient())
                .build();
        StringWriter shown = new StringWriter();
        shown.append(store.toString());
        assertThatThrownBy(() -> store.write("q/k", out -> out.write(1)))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("403 AuthorizationPermissionMismatch")
                .satisfies(refused -> refused.printStackTrace(new PrintWriter(shown, true)));
        assertThat(shown.toString()).contains("q/k").doesNotContain("sig=", secret, Azurite.KEY);
        assertThatThrownBy(() -> AzurePayloadStore.in(
                                Azurite.client(server.uri() + "?" + permitted, container.getBlobContainerName())
                                        .buildClient())
                        .valetKeysByAccountKey())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(container.getBlobContainerName())
                .hasMessageNotContaining("sig=");
    }

    private int status(String method, URI address) throws Exception {
        return http.send(
                        HttpRequest.newBuilder(address)
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    /** As somebody who would like to have more of it. */
    private static URI changed(URI valetKey, String what, String into) {
        String changed = valetKey.toString().replaceFirst(what, into);
        assertThat(changed).isNotEqualTo(valetKey.toString());
        return URI.create(changed);
    }

    @Test
    void aValetKeyOpensOnePayloadToBeReadAndNothingElse() throws Exception {
        PayloadStore store = in(container);
        store.write("q/k", out -> out.write("content".getBytes(UTF_8)));
        store.write("q/other", out -> out.write("other".getBytes(UTF_8)));
        URI address = store.valetKey("q/k", Duration.ofMinutes(5)).orElseThrow();
        assertThat(address.toString())
                .startsWith(server.uri() + "/" + container.getBlobContainerName() + "/waybill/q/k?");
        HttpResponse<String> response =
                http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.body()).isEqualTo("content");
        assertThat(status("DELETE", address)).isEqualTo(403);
        assertThat(status("GET", changed(address, "/q/k", "/q/other"))).isEqualTo(403);
        assertThat(status("GET", changed(address, "sig=...", "sig=AAA"))).isEqualTo(403);
        assertThat(status("GET", changed(address, "sp=r", "sp=rd"))).isEqualTo(403);
        assertThat(status("GET", changed(address, "se=20", "se=21"))).isEqualTo(403);
        assertThat(store.exists("q/k")).isTrue();

        URI brief = store.valetKey("q/k", Duration.ofSeconds(1)).orElseThrow();
        await().untilAsserted(() -> assertThat(status("GET", brief)).isEqualTo(403));
        assertThat(AzurePayloadStore.in(container).build().valetKey("q/k", Duration.ofMinutes(5)))
                .isEmpty();
    }

    private static PayloadStore tampering(PayloadStore store) {
        return (PayloadStore) Proxy.newProxyInstance(
                PayloadStore.class.getClassLoader(),
                new Class<?>[] {PayloadStore.class},
                (proxy, method, arguments) -> {
                    Object result = method.invoke(store, arguments);
                    return method.getName().equals("valetKey")
                            ? ((Optional<?>) result).map(key -> changed((URI) key, "sig=...", "sig=AAA"))
                            : result;
                });
    }

    private static Queue<byte[]> sending(PayloadStore store, Duration validFor) {
        return Queue.named("q", Codec.bytes())
                .claimCheck(
                        ClaimCheck.in(store).threshold(0).valetKeys(validFor).build())
                .build();
    }

    /** K6, against a store that looks at signatures and times. */
    @Test
    void aConsumerWithoutCredentialsGetsThePayloadByTheValetKeyOfItsReferenceUnlessThatIsNotAsItWasSigned() {
        byte[] payload = new byte[9 << 20];
        new Random(1).nextBytes(payload);
        List<byte[]> seen = new CopyOnWriteArrayList<>();
        try (Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")))) {
            PayloadStore store = in(container);
            Queue<byte[]> receiving = Queue.named("q", Codec.bytes())
                    .claimCheck(
                            ClaimCheck.byValetKey(server.uri() + "/" + container.getBlobContainerName() + "/waybill/")
                                    .build())
                    .build();
            waybill.consumer(receiving).start(delivery -> seen.add(delivery.payload()));
            waybill.producer(sending(tampering(store), Duration.ofMinutes(5))).sendAndWait(payload);
            await().untilAsserted(() ->
                    assertThat(waybill.deadLetters(receiving).count()).isEqualTo(1));
            DeadLetter refused = waybill.deadLetters(receiving)
                    .browse(DeadLetterFilter.all(), 0, 1)
                    .get(0);
            assertThat(refused.reason() + refused.stackTrace().orElse(""))
                    .contains("answers 403", "is to be valid until")
                    .doesNotContain("sig=");
            assertThat(refused.deliveries()).isEqualTo(1);
            assertThat(seen).isEmpty();

            waybill.producer(sending(store, Duration.ofMinutes(5))).sendAndWait(payload);
            await().untilAsserted(() -> assertThat(seen).containsExactly(payload));
            assertThat(waybill.deadLetters(receiving).count()).isEqualTo(1);
        }
    }
}
