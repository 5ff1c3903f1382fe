package dev.waybill.benchmarks;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.ClaimCheck.Deletion;
import dev.waybill.s3.S3PayloadStore;
import java.io.PrintWriter;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** How fast large payloads go, end to end, against the broker's and S3's plain clients. */
@Command(
        name = "payloads",
        mixinStandardHelpOptions = true,
        description = {
            "Measures claim checks in S3 over RabbitMQ, end to end, one sender and some receivers, in one process.",
            "Plain is put, publish with confirm, receive, get, acknowledge, in the same run; nothing is deleted, as with Waybill's "
                    + "Deletion.never().",
            "Plain in parts is the same for payloads whose length is not known before, as S3 wants them: of 8 MiB, one after the other. "
                    + "It is what Waybill, which knows no length, is to be held against above 16 MiB, up to which it uses one put.",
            "Deleting is Waybill as it is by default: each payload is noted as done and deleted.",
            "At last it measures messages below the threshold, in a queue with a claim check and in one without."
        })
final class PayloadBench implements Callable<Integer> {
    private static final long USUAL_BYTES = 512L << 20;
    private static final int MOST = 400;
    private static final int SMALL_MESSAGES = 100_000;

    @Option(
            names = "--kib",
            split = ",",
            paramLabel = "N",
            description = "sizes of payloads in KiB; by default ${DEFAULT-VALUE}")
    private List<Integer> kib = List.of(64, 1024, 16 * 1024, 256 * 1024);

    @Option(names = "--rounds", paramLabel = "N", description = "the medians count; by default ${DEFAULT-VALUE}")
    private int rounds = 3;

    @Option(names = "--concurrency", paramLabel = "N", description = "handlers at once; by default ${DEFAULT-VALUE}")
    private int concurrency = 4;

    @Mixin
    private final ServersOption servers = new ServersOption();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        try (Server broker = servers.start("rabbitmq");
                Server s3 = servers.start("s3");
                S3Client client = client(s3.uri());
                Waybill waybill = Waybill.open(Site.config("rabbitmq", broker.uri()));
                PlainContender plain = new PlainRabbitMq(broker.uri())) {
            String bucket = "bench-" + UUID.randomUUID();
            client.createBucket(create -> create.bucket(bucket));
            S3PayloadStore store = S3PayloadStore.in(client, bucket).build();
            out.println(
                    "| payload | plain, MiB/s | plain in parts, MiB/s | Waybill, MiB/s | to plain | to parts | deleting, MiB/s "
                            + "| plain heap, MiB | Waybill heap, MiB |");
            out.println("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
            for (int size : kib) {
                long bytes = size * 1024L;
                int messages = (int) Math.max(3, Math.min(MOST, USUAL_BYTES / bytes));
                PayloadTrial.Median theirs = new PayloadTrial.Median();
                PayloadTrial.Median inParts = new PayloadTrial.Median();
                PayloadTrial.Median ours = new PayloadTrial.Median();
                PayloadTrial.Median deleting = new PayloadTrial.Median();
                for (int round = 0; round < rounds; round++) {
                    PlainPayloads without = new PlainPayloads(plain, waybill, client, bucket);
                    theirs.add(without.run(new PayloadTrial(bytes, messages), concurrency, without::whole));
                    inParts.add(without.run(new PayloadTrial(bytes, messages), concurrency, without::inParts));
                    ours.add(new PayloadTrial(bytes, messages)
                            .run(waybill, queue(store, Deletion.never()), concurrency));
                    deleting.add(new PayloadTrial(bytes, messages)
                            .run(waybill, queue(store, Deletion.afterAcknowledgement()), concurrency));
                }
                out.printf(
                        Locale.ROOT,
                        "| %d KiB | %.1f | %.1f | %.1f | %.2f | %.2f | %.1f | %d | %d |%n",
                        size,
                        theirs.rate(),
                        inParts.rate(),
                        ours.rate(),
                        ours.rate() / theirs.rate(),
                        ours.rate() / inParts.rate(),
                        deleting.rate(),
                        theirs.heapMebibytes(),
                        ours.heapMebibytes());
                out.flush();
            }
            small(waybill, store, out);
        }
        return 0;
    }

    private static Queue<dev.waybill.Payload> queue(S3PayloadStore store, Deletion deletion) {
        return Queue.named("bench-" + UUID.randomUUID(), Codec.payload())
                .claimCheck(ClaimCheck.in(store).threshold(0).deletion(deletion).build())
                .build();
    }

    private void small(Waybill waybill, S3PayloadStore store, PrintWriter out) throws InterruptedException {
        PayloadTrial.Median without = new PayloadTrial.Median();
        PayloadTrial.Median with = new PayloadTrial.Median();
        for (int round = 0; round < rounds; round++) {
            without.add(SmallMessages.run(waybill, newQueue().build(), SMALL_MESSAGES));
            with.add(SmallMessages.run(
                    waybill, newQueue().claimCheck(ClaimCheck.in(store).build()).build(), SMALL_MESSAGES));
        }
        out.println();
        out.println("| messages of 1 KiB, sent and handled | without, msg/s | with a claim check, msg/s | ratio |");
        out.println("| --- | ---: | ---: | ---: |");
        out.printf(
                Locale.ROOT,
                "| %d | %.0f | %.0f | %.2f |%n",
                SMALL_MESSAGES,
                without.rate(),
                with.rate(),
                with.rate() / without.rate());
        out.flush();
    }

    private static Queue.Builder<byte[]> newQueue() {
        return Queue.named("bench-" + UUID.randomUUID(), Codec.bytes());
    }

    private static S3Client client(String uri) {
        return S3Client.builder()
                .endpointOverride(URI.create(uri))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create(Site.USERNAME, Site.PASSWORD)))
                .build();
    }
}
