package dev.waybill.s3;

import dev.waybill.claimcheck.PayloadStoreException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * An upload in parts, some of which are sent at once, each on a thread of its own. Not thread-safe. To be closed, which ends its threads,
 * and then aborts it unless it is complete.
 */
final class Parts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Parts.class);
    private static final int MOST = 10_000;

    private final Target target;
    private final int atOnce;
    private final String upload;
    private final ExecutorService senders;
    private final Deque<Part> underWay = new ArrayDeque<>();
    private final List<CompletedPart> arrived = new ArrayList<>();
    private boolean complete;

    /**
     * Begins one.
     *
     * @param atOnce how many parts are sent at once, so that one more is in memory, which is being filled
     */
    Parts(Target target, int atOnce) {
        this.target = target;
        this.atOnce = atOnce;
        upload = target.asking(() -> target.client().createMultipartUpload(create -> {
                    create.bucket(target.bucket().name())
                            .key(target.object())
                            .contentType(Target.TYPE)
                            .metadata(target.metadata());
                    if (target.bucket().kmsKey() != null) {
                        create.serverSideEncryption(ServerSideEncryption.AWS_KMS)
                                .ssekmsKeyId(target.bucket().kmsKey());
                    }
                }))
                .uploadId();
        senders = Executors.newFixedThreadPool(atOnce, task -> {
            Thread thread = new Thread(task, "waybill-s3-upload");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** @param buffer stays as it is until it is {@link #free} */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Part(byte[] buffer, Future<CompletedPart> sent) {}

    /** Has a part sent. Does not block. */
    void send(byte[] buffer, int length) {
        int number = arrived.size() + underWay.size() + 1;
        if (number > MOST) {
            throw new PayloadStoreException(
                    target.object() + " has more than " + (long) MOST * Upload.PART
                            + " bytes, the most that is uploaded",
                    null);
        }
        underWay.add(new Part(buffer, senders.submit(() -> sent(number, buffer, length))));
    }

    private CompletedPart sent(int number, byte[] buffer, int length) {
        UploadPartResponse response = target.client()
                .uploadPart(
                        part -> part.bucket(target.bucket().name())
                                .key(target.object())
                                .uploadId(upload)
                                .partNumber(number),
                        Target.body(buffer, length));
        return CompletedPart.builder()
                .partNumber(number)
                .eTag(response.eTag())
                .checksumCRC32(response.checksumCRC32())
                .build();
    }

    /**
     * A buffer for the next part; waits for one if as many as may be are on their way.
     *
     * @throws PayloadStoreException if a part did not arrive, also if it is called again
     */
    byte[] free() {
        return underWay.size() <= atOnce ? new byte[Upload.PART] : awaitOldest();
    }

    private byte[] awaitOldest() {
        Part oldest = underWay.element();
        arrived.add(await(oldest.sent()));
        underWay.remove();
        return oldest.buffer();
    }

    private CompletedPart await(Future<CompletedPart> part) {
        try {
            return part.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new PayloadStoreException("the upload of " + target.object() + " was interrupted", interrupted);
        } catch (ExecutionException bad) {
            if (bad.getCause() instanceof SdkException down) {
                throw target.untaken(down);
            }
            throw new IllegalStateException("a part of " + target.object() + " was not sent", bad.getCause());
        }
    }

    /** All is sent; false if there is an object of that key already. */
    boolean complete() {
        while (!underWay.isEmpty()) {
            awaitOldest();
        }
        complete = target.make(() -> target.client()
                .completeMultipartUpload(
                        request -> request.bucket(target.bucket().name())
                                .key(target.object())
                                .uploadId(upload)
                                .ifNoneMatch("*")
                                .multipartUpload(all -> all.parts(arrived))));
        return complete;
    }

    /** What cannot be aborted the bucket's own rule ends. An interrupt waits until it is. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        senders.shutdownNow();
        // A part that arrives after the abort would stay.
        while (!senders.isTerminated()) {
            try {
                var unused = senders.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (!complete) {
            abort();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void abort() {
        try {
            target.client()
                    .abortMultipartUpload(abort -> abort.bucket(target.bucket().name())
                            .key(target.object())
                            .uploadId(upload));
        } catch (SdkException left) {
            LOG.warn(
                    "the parts of {} that were uploaded stay in bucket '{}': {}",
                    target.object(),
                    target.bucket().name(),
                    left.toString());
        }
    }
}
