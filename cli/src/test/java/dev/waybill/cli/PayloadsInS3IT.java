package dev.waybill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.s3.S3PayloadStore;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.s3.S3Client;

/** That the store may be S3, found as the SDK finds it; what is done with it is the same everywhere. */
class PayloadsInS3IT {
    private static final List<String> SDK = List.of("aws.region", "aws.accessKeyId", "aws.secretAccessKey");

    @BeforeEach
    void tellTheSdk() {
        System.setProperty("aws.region", "us-east-1");
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
    }

    @AfterEach
    void forget() {
        SDK.forEach(System::clearProperty);
    }

    @Test
    void payloadsInABucketAreListedAndCollected() throws IOException {
        String bucket = "b-" + UUID.randomUUID();
        try (TestServer server = TestServers.start("s3");
                S3Client client = S3Client.builder()
                        .endpointOverride(URI.create(server.uri()))
                        .forcePathStyle(true)
                        .build()) {
            client.createBucket(create -> create.bucket(bucket));
            PayloadStore store =
                    S3PayloadStore.in(client, bucket).prefix("team/one/").build();
            store.write("q/done", content -> content.write(new byte[1]));
            store.write("q/done.done", content -> {});
            store.write("q/new", content -> content.write(new byte[2]));
            assertThat(run("list", "--store", "s3://" + bucket + "/team/one", "--endpoint", server.uri()))
                    .contains("q/done", "q/new");
            assertThat(run("list", "--store", "s3://" + bucket, "--endpoint", server.uri()))
                    .doesNotContain("q/");
            run("collect", "--keep", "PT0S", "--store", "s3://" + bucket + "/team/one/", "--endpoint", server.uri());
            assertThat(store.list("", 10)).extracting(StoredPayload::key).containsExactly("q/done.done", "q/new");
        }
    }

    private static String run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] all = new String[arguments.length + 1];
        all[0] = "payloads";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        int code = Main.line()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(all);
        assertThat(code).as(err.toString()).isZero();
        return out.toString();
    }
}
