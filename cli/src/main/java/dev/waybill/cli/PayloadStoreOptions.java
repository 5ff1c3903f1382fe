package dev.waybill.cli;

import com.zaxxer.hikari.HikariDataSource;
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

    @Option(
            names = "--store",
            paramLabel = "URL",
            defaultValue = "${env:WAYBILL_PAYLOADS}",
            description = "file:///DIRECTORY, s3://BUCKET/PREFIX (without one, waybill/), or a JDBC URL of PostgreSQL, "
                    + "MariaDB or H2; by default WAYBILL_PAYLOADS.")
    private @Nullable String url;

    @Option(
            names = "--endpoint",
            paramLabel = "URL",
            description =
                    "Of a server that speaks the protocol of S3, by default Amazon's. Region and credentials are those "
                            + "that the AWS SDK finds, such as AWS_REGION, AWS_PROFILE.")
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
            return inS3(url.substring(S3.length()), work);
        }
        if (url.startsWith("jdbc:")) {
            return inDatabase(url, work);
        }
        throw new IllegalArgumentException(
                "--store is '" + url + "' but must begin with file:///, " + S3 + " or jdbc:");
    }

    private int inS3(String place, ToIntFunction<PayloadCollector> work) {
        int slash = place.indexOf('/');
        S3ClientBuilder client = S3Client.builder();
        if (endpoint != null) {
            client.endpointOverride(endpoint).forcePathStyle(true);
        }
        try (S3Client open = client.build()) {
            S3PayloadStore.Builder store = S3PayloadStore.in(open, slash < 0 ? place : place.substring(0, slash));
            String prefix = slash < 0 ? "" : place.substring(slash + 1);
            if (!prefix.isEmpty()) {
                store.prefix(prefix.endsWith("/") ? prefix : prefix + "/");
            }
            return work.applyAsInt(PayloadCollector.in(store.name(NAME).build()));
        } catch (SdkClientException noRegion) {
            throw new IllegalArgumentException("the AWS SDK cannot be set up: " + noRegion.getMessage(), noRegion);
        }
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
