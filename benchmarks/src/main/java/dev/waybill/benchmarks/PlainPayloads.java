package dev.waybill.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/** Claim checks as one writes them by hand: put, publish the key, receive it, get. */
final class PlainPayloads {
    private static final int PART = 8 << 20;

    private final PlainContender broker;
    private final Waybill waybill;
    private final S3Client client;
    private final String bucket;

    /** @param waybill declares the queue */
    PlainPayloads(PlainContender broker, Waybill waybill, S3Client client, String bucket) {
        this.broker = broker;
        this.waybill = waybill;
        this.client = client;
        this.bucket = bucket;
    }

    /** How a payload gets there. */
    interface Putting {
        void put(PayloadTrial trial, String key) throws IOException;
    }

    /** @param putting {@link #whole} or {@link #inParts} */
    PayloadTrial.Found run(PayloadTrial trial, int concurrency, Putting putting) throws Exception {
        String queue = "bench-" + UUID.randomUUID();
        waybill.producer(Queue.named(queue, Codec.bytes()).build()).close();
        Contender.Consuming consuming = broker.consume(queue, concurrency, (id, sentAt, body) -> get(body, trial));
        try (Outlet outlet = broker.outlet(queue)) {
            trial.start();
            for (int i = 0; i < trial.messages(); i++) {
                String key = "plain/" + UUID.randomUUID();
                putting.put(trial, key);
                outlet.send(key.getBytes(UTF_8));
            }
            return trial.await();
        } finally {
            consuming.close();
        }
    }

    /** In one request, which needs to know the length. */
    void whole(PayloadTrial trial, String key) {
        client.putObject(
                put -> put.bucket(bucket).key(key),
                RequestBody.fromContentProvider(trial::source, trial.bytes(), Body.CONTENT_TYPE));
    }

    /** As what has no length known before goes. */
    void inParts(PayloadTrial trial, String key) throws IOException {
        String upload = client.createMultipartUpload(
                        create -> create.bucket(bucket).key(key))
                .uploadId();
        List<CompletedPart> parts = new ArrayList<>();
        InputStream in = trial.source();
        for (byte[] some = in.readNBytes(PART); some.length > 0; some = in.readNBytes(PART)) {
            byte[] bytes = some;
            int number = parts.size() + 1;
            UploadPartResponse taken = client.uploadPart(
                    part -> part.bucket(bucket).key(key).uploadId(upload).partNumber(number),
                    RequestBody.fromContentProvider(
                            () -> new ByteArrayInputStream(bytes), bytes.length, Body.CONTENT_TYPE));
            parts.add(CompletedPart.builder()
                    .partNumber(number)
                    .eTag(taken.eTag())
                    .checksumCRC32(taken.checksumCRC32())
                    .build());
        }
        client.completeMultipartUpload(
                complete -> complete.bucket(bucket).key(key).uploadId(upload).multipartUpload(all -> all.parts(parts)));
    }

    private void get(byte[] key, PayloadTrial trial) {
        try (InputStream in = client.getObject(get -> get.bucket(bucket).key(new String(key, UTF_8)))) {
            trial.read(in);
        } catch (IOException failed) {
            throw new BenchmarkException("a payload was not read", failed);
        }
    }
}
