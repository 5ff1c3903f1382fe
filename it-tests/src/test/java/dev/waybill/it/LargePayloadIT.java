package dev.waybill.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Connection;
import dev.waybill.Message;
import dev.waybill.Payload;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.claimcheck.FilePayloadStore;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.it.PayloadProcess.Role;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;

/** Payloads that fit into no heap, and consumers of payloads that are killed. */
class LargePayloadIT {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("rabbitmq", Connection.class);

    private static final long GIBIBYTE = 1L << 30;
    /** Enough to be in no heap; the double of S3 takes its time. */
    private static final long IN_S3 = GIBIBYTE / 4;

    private static final int MESSAGES = 400;
    private static final int KILLS = 8;

    @TempDir
    Path directory;

    /** K2: in a heap of 64 MiB on both sides. */
    @Test
    void aGibibytePassesThroughADirectoryInAHeapOf64Mebibytes() throws Exception {
        pass("large-files", directory.resolve("payloads").toString(), GIBIBYTE);
        assertThat(new FilePayloadStore("files", directory.resolve("payloads")).list("", 10))
                .isEmpty();
    }

    @Test
    void aQuarterOfThatPassesThroughS3InAHeapOf64Mebibytes() throws Exception {
        try (TestServer server = TestServers.start("s3");
                S3Client client = PayloadProcess.s3(server.uri())) {
            client.createBucket(create -> create.bucket("large-s3"));
            pass("large-s3", server.uri(), IN_S3);
            assertThat(client.listObjectsV2(list -> list.bucket("large-s3")).contents())
                    .isEmpty();
        }
    }

    private static void pass(String queue, String store, long bytes) throws Exception {
        Process sender = PayloadProcess.of(Role.SEND, SERVER.config(), queue, store, bytes)
                .start();
        try {
            assertThat(sender.waitFor(4, TimeUnit.MINUTES)).as("sent").isTrue();
            assertThat(sender.exitValue()).isZero();
        } finally {
            sender.destroyForcibly();
        }
        Process receiver = PayloadProcess.of(Role.RECEIVE, SERVER.config(), queue, store, bytes)
                .start();
        try {
            assertThat(new String(receiver.getInputStream().readAllBytes(), UTF_8).strip())
                    .isEqualTo(Long.toString(bytes));
            assertThat(receiver.waitFor(1, TimeUnit.MINUTES)).as("received").isTrue();
            assertThat(receiver.exitValue()).isZero();
        } finally {
            receiver.destroyForcibly();
        }
    }

    /** K4: whatever a consumer is at when it dies, no payload is deleted that is needed, and none stays of which nothing is known. */
    @Test
    void consumersThatAreKilledLoseNoPayloadAndLeaveNoneWithoutANote() throws Exception {
        Path payloads = directory.resolve("payloads");
        PayloadStore store = new FilePayloadStore("files", payloads);
        Queue<Payload> queue = PayloadProcess.queue("killed-payloads", store);
        Set<String> sent = new HashSet<>();
        Set<String> handled = ConcurrentHashMap.newKeySet();
        Random random = new Random(1);
        try (Waybill waybill = Waybill.open(SERVER.config())) {
            Producer<Payload> producer = waybill.producer(queue);
            for (int i = 0; i < MESSAGES; i++) {
                byte[] bytes = new byte[20_000];
                random.nextBytes(bytes);
                Message<Payload> message = Message.of(Payload.of(bytes));
                sent.add(message.id());
                producer.sendAndWait(message);
            }
            for (int kill = 0; kill < KILLS; kill++) {
                int wanted = handled.size() + 1 + random.nextInt(40);
                Process consumer = PayloadProcess.of(
                                Role.CONSUME, SERVER.config(), queue.name(), payloads.toString(), 0)
                        .start();
                readUntil(consumer, handled, wanted);
            }
            assertThat(handled).as("handled by those that were killed").hasSizeLessThan(MESSAGES);
            Subscription last = waybill.consumer(queue).start(delivery -> {
                delivery.payload().bytes();
                handled.add(delivery.id());
            });
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(handled).containsExactlyInAnyOrderElementsOf(sent));
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(waybill.depth(queue)).isZero());
            assertThat(waybill.deadLetters(queue).count()).isZero();
            last.close();
        }
        List<String> left =
                store.list("", 1000).stream().map(StoredPayload::key).toList();
        assertThat(left)
                .filteredOn(key -> !key.endsWith(".done"))
                .allMatch(key -> left.contains(key + ".done"), "has a note that it is done");
    }

    /** Kills it once so many are handled. */
    private static void readUntil(Process consumer, Set<String> handled, int wanted) throws Exception {
        try (BufferedReader lines = consumer.inputReader(UTF_8)) {
            while (handled.size() < wanted) {
                String line = lines.readLine();
                if (line == null) {
                    throw new IOException("the consumer has ended by itself");
                }
                handled.add(line);
            }
            // By its handle: Process.destroyForcibly also closes our end of the pipe, with what has been said and not
            // read.
            consumer.toHandle().destroyForcibly();
            consumer.waitFor();
            lines.lines().forEach(handled::add);
        } finally {
            consumer.destroyForcibly();
        }
    }
}
