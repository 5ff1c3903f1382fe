package dev.waybill.s3;

import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.claimcheck.Pieces;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * An upload in parts, some of which are sent at once. Not thread-safe. To be closed, which ends what is on its way, and then aborts it unless
 * it is complete.
 */
final class Parts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Parts.class);
    private static final int MOST = 10_000;

    private final Target target;
    private final String upload;
    private final Pieces<CompletedPart> pieces;
    private int sent;
    private boolean complete;

    /**
     * Begins one.
     *
     * @param atOnce how many parts are sent at once, so that one more is in memory, which is being filled
     */
    Parts(Target target, int atOnce) {
        this.target = target;
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
        pieces = new Pieces<>(
                Upload.PART,
                atOnce,
                "waybill-s3-upload",
                target.object(),
                failed -> failed instanceof SdkException down ? target.untaken(down) : failed);
    }

    /** Has a part sent, as {@link Pieces#send} does. */
    void send(byte[] buffer, int length) {
        if (sent == MOST) {
            throw new PayloadStoreException(
                    target.object() + " has more than " + (long) MOST * Upload.PART
                            + " bytes, the most that is uploaded",
                    null);
        }
        sent++;
        int number = sent;
        pieces.send(buffer, () -> sent(number, buffer, length));
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

    /** A buffer for the next part, as {@link Pieces#free} gives it. */
    byte[] free() {
        return pieces.free();
    }

    /** All is sent; false if there is an object of that key already. */
    boolean complete() {
        List<CompletedPart> arrived = pieces.all();
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
        // A part that arrives after the abort would stay.
        pieces.close();
        boolean interrupted = Thread.interrupted();
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
