package dev.waybill.cli;

import com.azure.core.util.Configuration;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.blob.BlobUrlParts;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.azure.AzurePayloadStore;
import dev.waybill.claimcheck.FilePayloadStore;
import dev.waybill.claimcheck.PayloadCollector;
import dev.waybill.jdbc.JdbcPayloadStore;
import dev.waybill.s3.S3PayloadStore;
import java.net.URI;
import java.nio.file.Path;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** Which payload store. What references call it makes no difference here. */
final class PayloadStoreOptions {
    private static final String NAME = "cli";
    private static final String S3 = "s3://";
    private static final String AZURE = "azure://";

    @Option(
            names = "--store",
            paramLabel = "URL",
            defaultValue = "${env:WAYBILL_PAYLOADS}",
            description =
                    "file:///DIRECTORY, s3://BUCKET/PREFIX, azure://CONTAINER/PREFIX (without one, waybill/), or a "
                            + "JDBC URL of PostgreSQL, MariaDB or H2; by default WAYBILL_PAYLOADS.")
    private @Nullable String url;

    @Option(
            names = "--endpoint",
            paramLabel = "URL",
            description =
                    "Of a server that speaks the protocol of S3, by default Amazon's. Region and credentials are those "
                            + "that the AWS SDK finds, such as AWS_REGION, AWS_PROFILE. Of Azure's blobs, "
                            + "https://ACCOUNT.blob.core.windows.net, with AZURE_STORAGE_KEY (and AZURE_STORAGE_ACCOUNT on another "
                            + "domain) or AZURE_STORAGE_SAS_TOKEN; "
                            + "or all in AZURE_STORAGE_CONNECTION_STRING.")
    private @Nullable URI endpoint;

    @Option(
            names = "--store-user",
            paramLabel = "NAME",
            defaultValue = "${env:WAYBILL_PAYLOADS_USERNAME}",
            description = "Who asks the database; by default WAYBILL_PAYLOADS_USERNAME. The password is in "
                    + "WAYBILL_PAYLOADS_PASSWORD.")
    private @Nullable String user;

    @Option(
            names = "--table",
            paramLabel = "NAME",
            description = "Its table in the database; by default waybill_payload.")
    private @Nullable String table;

    /** Returns the exit code that the work returns. */
    int with(ToIntFunction<PayloadCollector> work) {
        if (url == null) {
            throw new IllegalArgumentException("no payload store is chosen: give --store or WAYBILL_PAYLOADS");
        }
        if (url.startsWith("file:/")) {
            return work.applyAsInt(PayloadCollector.in(FilePayloadStore.existing(NAME, Path.of(URI.create(url)))));
        }
        if (url.startsWith(S3)) {
            return inS3(Place.of(url.substring(S3.length())), work);
        }
        if (url.startsWith(AZURE)) {
            return inAzure(Place.of(url.substring(AZURE.length())), work);
        }
        if (url.startsWith("jdbc:")) {
            return inDatabase(url, work);
        }
        throw new IllegalArgumentException(
                "--store is '" + url + "' but must begin with file:///, " + S3 + ", " + AZURE + " or jdbc:");
    }

    /** What follows a scheme. */
    private record Place(String container, String prefix) {
        static Place of(String text) {
            int slash = text.indexOf('/');
            String prefix = slash < 0 ? "" : text.substring(slash + 1);
            return new Place(
                    slash < 0 ? text : text.substring(0, slash),
                    prefix.isEmpty() ? "waybill/" : prefix.endsWith("/") ? prefix : prefix + "/");
        }
    }

    private int inS3(Place place, ToIntFunction<PayloadCollector> work) {
        S3ClientBuilder client = S3Client.builder();
        if (endpoint != null) {
            client.endpointOverride(endpoint).forcePathStyle(true);
        }
        try (S3Client open = client.build()) {
            return work.applyAsInt(PayloadCollector.in(S3PayloadStore.in(open, place.container())
                    .prefix(place.prefix())
                    .name(NAME)
                    .build()));
        } catch (SdkClientException noRegion) {
            throw new IllegalArgumentException("the AWS SDK cannot be set up: " + noRegion.getMessage(), noRegion);
        }
    }

    private int inAzure(Place place, ToIntFunction<PayloadCollector> work) {
        return work.applyAsInt(PayloadCollector.in(AzurePayloadStore.in(azure(place.container()))
                .prefix(place.prefix())
                .name(NAME)
                .build()));
    }

    /** By what the environment says, in the names of Azure's own command line. */
    private BlobContainerClient azure(String container) {
        Configuration environment = Configuration.getGlobalConfiguration();
        BlobContainerClientBuilder client = new BlobContainerClientBuilder().containerName(container);
        if (endpoint == null) {
            String all = environment.get("AZURE_STORAGE_CONNECTION_STRING");
            if (all == null) {
                throw new IllegalArgumentException(
                        "no account of Azure is chosen: give --endpoint or AZURE_STORAGE_CONNECTION_STRING");
            }
            return client.connectionString(all).buildClient();
        }
        client.endpoint(endpoint.toString());
        String key = environment.get("AZURE_STORAGE_KEY");
        String token = environment.get("AZURE_STORAGE_SAS_TOKEN");
        if (key != null) {
            String account = environment.get("AZURE_STORAGE_ACCOUNT");
            // On a domain of its own the address does not say.
            client.credential(new StorageSharedKeyCredential(
                    account != null
                            ? account
                            : BlobUrlParts.parse(endpoint.toString()).getAccountName(),
                    key));
        } else if (token != null) {
            client.sasToken(token);
        } else {
            throw new IllegalArgumentException(
                    "there are no credentials for --endpoint: give AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN");
        }
        return client.buildClient();
    }

    private int inDatabase(String at, ToIntFunction<PayloadCollector> work) {
        String password = System.getenv("WAYBILL_PAYLOADS_PASSWORD");
        try (HikariDataSource dataSource = StoreOptions.dataSource(at, user, password)) {
            JdbcPayloadStore.Builder store = JdbcPayloadStore.on(dataSource).name(NAME);
            if (table != null) {
                store.table(table);
            }
            return work.applyAsInt(PayloadCollector.in(store.open()));
        }
    }
}
