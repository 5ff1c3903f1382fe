package dev.waybill.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import java.io.InputStream;
import java.util.UUID;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/** Claim checks as one writes them by hand: put, publish the key, receive it, get. */
final class PlainPayloads {
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

    PayloadTrial.Found run(PayloadTrial trial, int concurrency) throws Exception {
        String queue = "bench-" + UUID.randomUUID();
        waybill.producer(Queue.named(queue, Codec.bytes()).build()).close();
        Contender.Consuming consuming = broker.consume(queue, concurrency, (id, sentAt, body) -> get(body, trial));
        try (Outlet outlet = broker.outlet(queue)) {
            trial.start();
            for (int i = 0; i < trial.messages(); i++) {
                String key = "plain/" + UUID.randomUUID();
                client.putObject(
                        put -> put.bucket(bucket).key(key),
                        RequestBody.fromContentProvider(trial::source, trial.bytes(), Body.CONTENT_TYPE));
                outlet.send(key.getBytes(UTF_8));
            }
            return trial.await();
        } finally {
            consuming.close();
        }
    }

    private void get(byte[] key, PayloadTrial trial) {
        try (InputStream in = client.getObject(get -> get.bucket(bucket).key(new String(key, UTF_8)))) {
            trial.read(in);
        } catch (java.io.IOException failed) {
            throw new BenchmarkException("a payload was not read", failed);
        }
    }
}
