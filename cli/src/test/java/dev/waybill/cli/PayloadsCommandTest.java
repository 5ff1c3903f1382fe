package dev.waybill.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.azure.core.util.Configuration;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.TopologyMode;
import dev.waybill.claimcheck.FilePayloadStore;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.jdbc.JdbcPayloadStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PayloadsCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path directory;

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.line()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    private JsonNode json() throws IOException {
        return new ObjectMapper().readTree(out.toString());
    }

    /** One that is done, one that is not, and one that is not and old. */
    private static void fill(PayloadStore store) throws IOException {
        store.write("q/done", content -> content.write(new byte[1]));
        store.write("q/done.done", content -> {});
        store.write("q/new", content -> content.write(new byte[2]));
        store.write("q/old", content -> content.write(new byte[4]));
    }

    private static List<String> keys(PayloadStore store) {
        return store.list("", 10).stream().map(StoredPayload::key).toList();
    }

    @Test
    void payloadsInADirectoryAreListedAndCollected() throws IOException {
        PayloadStore store = new FilePayloadStore("files", directory);
        fill(store);
        Files.setLastModifiedTime(
                directory.resolve("q/old"), FileTime.from(Instant.now().minus(Duration.ofDays(31))));
        String url = directory.toUri().toString();

        assertThat(run("payloads", "list", "--store", url)).isZero();
        assertThat(out.toString().lines())
                .hasSize(4)
                .anySatisfy(line -> assertThat(line).matches("q/done +1 +\\S+Z +0m +\\S+Z"))
                .anySatisfy(line -> assertThat(line).matches("q/old +4 +\\S+Z +31d"));
        assertThat(run("payloads", "list", "--store", url, "--not-done", "--after", "q/new"))
                .isZero();
        assertThat(out.toString().lines()).hasSize(2);
        assertThat(run("payloads", "list", "--store", url, "--older-than", "P30D", "--output", "json"))
                .isZero();
        assertThat(json()).hasSize(1);
        assertThat(json().get(0).get("key").asText()).isEqualTo("q/old");

        assertThat(run("payloads", "collect", "--store", url, "--keep", "PT1H")).isZero();
        assertThat(out.toString()).containsPattern("deleted +0\n").containsPattern("kept +1\n");
        assertThat(run("payloads", "collect", "--store", url, "--keep", "PT0S", "--dry-run"))
                .isZero();
        assertThat(out.toString())
                .containsPattern("dryRun +true")
                .containsPattern("deleted +1\n")
                .containsPattern("notDone +2\n")
                .containsPattern("30d +1 +4\n0m +1 +2\n");
        assertThat(keys(store)).hasSize(4);
        assertThat(run("payloads", "collect", "--store", url, "--keep", "PT0S", "--output", "json"))
                .isZero();
        assertThat(json().get("deletedBytes").asInt()).isEqualTo(1);
        assertThat(json().get("notDoneByAge").get(0).get("bytes").asInt()).isEqualTo(4);
        assertThat(keys(store)).containsExactly("q/done.done", "q/new", "q/old");
        assertThat(run("payloads", "collect", "--store", url, "--keep", "PT0S", "--keep-notes", "PT0S"))
                .isZero();
        assertThat(keys(store)).containsExactly("q/new", "q/old");
    }

    @Test
    void payloadsInADatabaseAreListedAndCollected() throws IOException {
        String url = "jdbc:h2:mem:payloads;DB_CLOSE_DELAY=-1";
        try (HikariDataSource dataSource = StoreOptions.dataSource(url, null, null)) {
            PayloadStore store = JdbcPayloadStore.on(dataSource)
                    .table("images")
                    .schema(TopologyMode.DECLARE)
                    .open();
            fill(store);
            assertThat(run("payloads", "list", "--store", url, "--table", "images"))
                    .isZero();
            assertThat(out.toString().lines()).hasSize(4);
            assertThat(run("payloads", "collect", "--store", url, "--table", "images", "--keep", "PT0S"))
                    .isZero();
            assertThat(keys(store)).containsExactly("q/done.done", "q/new", "q/old");
            assertThat(run("payloads", "list", "--store", url)).isEqualTo(Main.WRONG);
            assertThat(err.toString()).contains("waybill_payload");
        }
    }

    @Test
    @SuppressWarnings("deprecation") // a process cannot set its own environment otherwise
    void theKeyOfAnAccountOfAzureSignsInTheNameThatIsGivenOrElseInThatOfItsAddress() throws IOException {
        List<String> signed = new CopyOnWriteArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            signed.add(exchange.getRequestHeaders().getFirst("Authorization"));
            byte[] nothing = "<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>".getBytes(UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/xml");
            exchange.sendResponseHeaders(200, nothing.length);
            exchange.getResponseBody().write(nothing);
            exchange.close();
        });
        server.start();
        Configuration environment = Configuration.getGlobalConfiguration();
        environment.put("AZURE_STORAGE_KEY", "c2VjcmV0");
        try {
            String endpoint = "http://127.0.0.1:" + server.getAddress().getPort() + "/ours";
            assertThat(run("payloads", "list", "--store", "azure://payloads", "--endpoint", endpoint))
                    .as(err.toString())
                    .isZero();
            assertThat(signed).isNotEmpty().allMatch(each -> each.startsWith("SharedKey ours:"));
            signed.clear();
            environment.put("AZURE_STORAGE_ACCOUNT", "another");
            assertThat(run("payloads", "list", "--store", "azure://payloads", "--endpoint", endpoint))
                    .as(err.toString())
                    .isZero();
            assertThat(signed).isNotEmpty().allMatch(each -> each.startsWith("SharedKey another:"));
        } finally {
            environment.remove("AZURE_STORAGE_KEY");
            environment.remove("AZURE_STORAGE_ACCOUNT");
            server.stop(0);
        }
    }

    @Test
    void whatIsWrongIsSaid() {
        assertThat(run("payloads")).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("list or collect");
        assertThat(run("payloads", "list")).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("give --store or WAYBILL_PAYLOADS");
        assertThat(run("payloads", "list", "--store", "redis://cache")).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("'redis://cache'").contains("s3://", "azure://");
        assertThat(run("payloads", "list", "--store", "azure://payloads")).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("--endpoint or AZURE_STORAGE_CONNECTION_STRING");
        assertThat(run(
                        "payloads",
                        "list",
                        "--store",
                        "azure://payloads",
                        "--endpoint",
                        "https://a.blob.core.windows.net"))
                .isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN");
        assertThat(run("payloads", "collect", "--store", directory.toUri().toString()))
                .isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("--keep");
        Path nowhere = directory.resolve("nowhere");
        assertThat(run("payloads", "list", "--store", nowhere.toUri().toString()))
                .isEqualTo(Main.NO_BROKER);
        assertThat(err.toString()).contains(nowhere.toString());
        assertThat(nowhere).doesNotExist();
    }
}
