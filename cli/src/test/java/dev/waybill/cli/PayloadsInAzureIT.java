package dev.waybill.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.blob.sas.BlobContainerSasPermission;
import com.azure.storage.blob.sas.BlobServiceSasSignatureValues;
import dev.waybill.azure.AzurePayloadStore;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** That the store may be Azure's, with credentials from the environment; what is done with it is the same everywhere. */
class PayloadsInAzureIT {
    private static final List<String> CREDENTIALS =
            List.of("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_SAS_TOKEN");

    /** Of Azurite's usual account; it is the same everywhere, and public. */
    private static final String KEY =
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    @AfterEach
    void forget() {
        CREDENTIALS.forEach(System::clearProperty);
    }

    @Test
    void payloadsInAContainerAreListedAndCollected() throws IOException {
        assumeTrue(
                TestServers.offers("azure"), "Azurite as a local process is fetched by npm, which is not on the PATH");
        try (TestServer server = TestServers.start("azure")) {
            String connection = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=" + KEY
                    + ";BlobEndpoint=" + server.uri() + ";";
            BlobContainerClient client = new BlobContainerClientBuilder()
                    .connectionString(connection)
                    .containerName("c-" + UUID.randomUUID())
                    .buildClient();
            client.create();
            PayloadStore store =
                    AzurePayloadStore.in(client).prefix("team/one/").build();
            store.write("q/done", content -> content.write(new byte[1]));
            store.write("q/done.done", content -> {});
            store.write("q/new", content -> content.write(new byte[2]));
            String url = "azure://" + client.getBlobContainerName();

            System.setProperty("AZURE_STORAGE_CONNECTION_STRING", connection);
            assertThat(run("list", "--store", url + "/team/one")).contains("q/done", "q/new");
            assertThat(run("list", "--store", url)).doesNotContain("q/");
            String token = client.generateSas(new BlobServiceSasSignatureValues(
                    OffsetDateTime.now().plusHours(1),
                    new BlobContainerSasPermission()
                            .setListPermission(true)
                            .setReadPermission(true)
                            .setDeletePermission(true)));
            System.setProperty("AZURE_STORAGE_SAS_TOKEN", token);
            run("collect", "--keep", "PT0S", "--store", url + "/team/one/", "--endpoint", server.uri());
            assertThat(store.list("", 10)).extracting(StoredPayload::key).containsExactly("q/done.done", "q/new");
        }
    }

    private static String run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.line()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(Stream.concat(Stream.of("payloads"), Stream.of(arguments))
                        .toArray(String[]::new));
        assertThat(code).as(err.toString()).isZero();
        return out.toString();
    }
}
