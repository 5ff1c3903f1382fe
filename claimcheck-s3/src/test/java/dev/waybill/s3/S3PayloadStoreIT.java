package dev.waybill.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.Codec;
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
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

@TestInstance(Lifecycle.PER_CLASS)
class S3PayloadStoreIT extends PayloadStoreContract {
    private static final StaticCredentialsProvider CREDENTIALS =
            StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));

    /** Goes in parts. */
    private static final int LARGE = 20 << 20;

    /** Of which S3Mock is told. */
    private static final String KMS_KEY = "waybill";

    private TestServer server;
    private S3Client client;
    private String bucket;

    TestServer newServer() {
        return TestServers.start("s3");
    }

    @BeforeAll
    void startServer() {
        server = newServer();
        client = client(server.uri());
    }

    @AfterAll
    void stopServer() {
        if (server != null) {
            client.close();
            server.close();
        }
    }

    private static S3Client client(String uri) {
        return S3Client.builder()
                .endpointOverride(URI.create(uri))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(CREDENTIALS)
                .build();
    }

    @Override
    protected PayloadStore store() {
        bucket = "b-" + UUID.randomUUID();
        client.createBucket(create -> create.bucket(bucket));
        return S3PayloadStore.in(client, bucket).build();
    }

    private boolean isS3Mock() {
        return server.product().contains("S3Mock");
    }

    private List<String> uploads() {
        return client.listMultipartUploads(list -> list.bucket(bucket)).uploads().stream()
                .map(upload -> upload.key())
                .toList();
    }

    @Test
    void anUploadInPartsThatFailsIsAborted() {
        PayloadStore store = S3PayloadStore.in(client, bucket).build();
        assertThatThrownBy(() -> store.write("q/k", out -> {
                    out.write(new byte[LARGE]);
                    assertThat(uploads()).containsExactly("waybill/q/k");
                    throw new IOException("the source is gone");
                }))
                .hasMessage("the source is gone");
        assertThat(uploads()).isEmpty();
        assertThat(store.exists("q/k")).isFalse();
    }

    /** S3Mock 5.2.0 looks whether there is an object, and then writes one, in two steps; S3 in one. */
    @Override
    @Test
    protected void ofManyThatWriteOneKeyAtOnceOneWins() throws Exception {
        assumeFalse(isS3Mock(), "S3Mock lets two of them win now and then");
        super.ofManyThatWriteOneKeyAtOnceOneWins();
    }

    /** S3Mock 5.2.0 forgets the object of a key when an upload to the same key is aborted; S3 does not touch it. */
    @Test
    void anUploadInPartsThatLosesTheRaceIsAborted() throws IOException {
        assumeFalse(isS3Mock(), "S3Mock loses what is there when an upload is aborted");
        PayloadStore store = S3PayloadStore.in(client, bucket).build();
        assertThat(store.write("q/k", out -> {
                    out.write(new byte[LARGE]);
                    assertThat(store.write("q/k", other -> other.write(1))).isTrue();
                }))
                .isFalse();
        assertThat(uploads()).isEmpty();
        assertThat(store.list("", 10)).extracting(StoredPayload::bytes).containsExactly(1L);
    }

    @Test
    void objectsAreUnderThePrefixAndThoseOfOthersAreNotSeen() throws IOException {
        PayloadStore store =
                S3PayloadStore.in(client, bucket).prefix("team/one/").build();
        store.write("q/k", out -> out.write(1));
        assertThat(client.listObjectsV2(list -> list.bucket(bucket)).contents())
                .extracting(object -> object.key())
                .containsExactly("team/one/q/k");
        client.putObject(put -> put.bucket(bucket).key("team/two/q/k"), RequestBody.fromString("other"));
        client.putObject(put -> put.bucket(bucket).key("team/one/not a key"), RequestBody.fromString("other"));
        assertThat(store.list("", 10)).extracting(StoredPayload::key).containsExactly("q/k");
    }

    @Test
    void objectsAreEncryptedByTheKeyOfKmsAndOneThatIsNotThereIsNamed() throws Exception {
        assumeTrue(isS3Mock(), "only S3Mock is told which keys there are");
        PayloadStore store = S3PayloadStore.in(client, bucket).kmsKey(KMS_KEY).build();
        String absent = KMS_KEY + "-gone";
        PayloadStore wrong = S3PayloadStore.in(client, bucket).kmsKey(absent).build();
        for (int bytes : new int[] {10, LARGE}) {
            assertThat(store.write("q/" + bytes, out -> out.write(new byte[bytes])))
                    .isTrue();
            assertThatThrownBy(() -> wrong.write("q/wrong", out -> out.write(new byte[bytes])))
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining("waybill/q/wrong")
                    .hasMessageContaining(absent);
        }
        // Of one in parts S3Mock 5.2.0 forgets it.
        HeadObjectResponse small = client.headObject(head -> head.bucket(bucket).key("waybill/q/10"));
        assertThat(small.serverSideEncryption()).isEqualTo(ServerSideEncryption.AWS_KMS);
        assertThat(small.ssekmsKeyId()).isEqualTo(KMS_KEY);
        assertThat(store.exists("q/wrong")).isFalse();
        assertThat(uploads()).isEmpty();
    }

    @Test
    void aBucketThatDoesNotExistIsNamed() {
        assertThatThrownBy(() -> S3PayloadStore.in(client, "no-such-bucket").build())
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("no-such-bucket");
        PayloadStore store = S3PayloadStore.in(client, bucket).build();
        client.deleteBucket(delete -> delete.bucket(bucket));
        assertThatThrownBy(() -> store.read("q/k"))
                .as("a bucket that is gone is trouble of the store, not a payload that is missing")
                .isInstanceOf(PayloadStoreException.class);
    }

    @Test
    void aServerThatIsDownIsTroubleOfTheStore() {
        PayloadStore working = S3PayloadStore.in(client, bucket).build();
        assertThat(working.exists("q/k")).isFalse();
        try (S3Client nowhere = client("http://127.0.0.1:1")) {
            assertThatThrownBy(() -> S3PayloadStore.in(nowhere, bucket).build())
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessageContaining(bucket);
        }
    }

    @Test
    void whatIsNotReadToItsEndDropsItsConnection() throws Exception {
        PayloadStore store = S3PayloadStore.in(client, bucket).build();
        store.write("q/k", out -> out.write(new byte[9 << 20]));
        // More often than the client has connections.
        for (int i = 0; i < 60; i++) {
            try (InputStream in = store.read("q/k")) {
                assertThat(in.read()).isZero();
            }
        }
    }

    private S3Presigner presigner() {
        return S3Presigner.builder()
                .endpointOverride(URI.create(server.uri()))
                .region(Region.US_EAST_1)
                .serviceConfiguration(
                        S3Configuration.builder().pathStyleAccessEnabled(true).build())
                .credentialsProvider(CREDENTIALS)
                .build();
    }

    @Test
    void aValetKeyOpensOnePayloadWithoutCredentials() throws Exception {
        try (S3Presigner presigner = presigner()) {
            PayloadStore store =
                    S3PayloadStore.in(client, bucket).valetKeys(presigner).build();
            store.write("q/k", out -> out.write("content".getBytes(UTF_8)));
            URI address = store.valetKey("q/k", Duration.ofMinutes(5)).orElseThrow();
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(response.body()).isEqualTo("content");
            assertThat(address.getQuery()).contains("X-Amz-Expires=300");
            assertThatThrownBy(() -> store.valetKey("q/k", Duration.ofDays(8)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("PT168H");
        }
        assertThat(S3PayloadStore.in(client, bucket).build().valetKey("q/k", Duration.ofMinutes(5)))
                .isEmpty();
    }

    /** K6; but S3Mock looks at no signature and no time, so that it is not seen here that S3 takes what is signed and nothing else. */
    @Test
    void aConsumerWithoutCredentialsGetsThePayloadByTheValetKeyOfItsReference() {
        byte[] payload = new byte[9 << 20];
        new Random(1).nextBytes(payload);
        List<byte[]> seen = new CopyOnWriteArrayList<>();
        try (S3Presigner presigner = presigner();
                Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")))) {
            PayloadStore store =
                    S3PayloadStore.in(client, bucket).valetKeys(presigner).build();
            waybill.consumer(Queue.named("q", Codec.bytes())
                            .claimCheck(ClaimCheck.byValetKey(server.uri() + "/" + bucket + "/waybill/")
                                    .build())
                            .build())
                    .start(delivery -> seen.add(delivery.payload()));
            waybill.producer(Queue.named("q", Codec.bytes())
                            .claimCheck(ClaimCheck.in(store)
                                    .threshold(0)
                                    .valetKeys(Duration.ofMinutes(5))
                                    .build())
                            .build())
                    .sendAndWait(payload);
            await().untilAsserted(() -> assertThat(seen).containsExactly(payload));
        }
    }

    @Test
    void whatIsWrittenSurvivesTheServer() throws Exception {
        assumeTrue(server.keepsData(), "this server forgets");
        try (TestServer own = newServer();
                S3Client ownClient = client(own.uri())) {
            ownClient.createBucket(create -> create.bucket(bucket));
            PayloadStore store = S3PayloadStore.in(ownClient, bucket).build();
            store.write("q/k", out -> out.write("content".getBytes(UTF_8)));
            own.kill();
            assertThatThrownBy(() -> store.read("q/k")).isInstanceOf(PayloadStoreException.class);
            own.start();
            try (InputStream in = store.read("q/k")) {
                assertThat(in).hasContent("content");
            }
        }
    }
}
