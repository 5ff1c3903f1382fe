package dev.waybill.s3;

import dev.waybill.claimcheck.PayloadStoreException;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/** One object on its way: in one request if it is small, else in parts. To be closed, which aborts it unless it is complete. */
final class Upload extends OutputStream {
    private static final Logger LOG = LoggerFactory.getLogger(Upload.class);

    /** S3 takes parts of 5 MiB and more, but for the last. */
    private static final int PART = 8 << 20;

    private static final int MOST_PARTS = 10_000;
    private static final int FIRST_BUFFER = 64 << 10;
    private static final String TYPE = "application/octet-stream";

    /** There is one already. */
    private static final int PRECONDITION_FAILED = 412;

    /** Another is just being written or deleted. */
    private static final int CONFLICT = 409;

    private final S3Client client;
    private final Bucket bucket;
    private final String object;
    private final BiFunction<String, Exception, PayloadStoreException> failed;
    private byte[] buffer = new byte[FIRST_BUFFER];
    private int filled;

    /** The id of the upload in parts; null as long as there is none. */
    private @Nullable String upload;

    /** Whether there is an object of that key already, so that nothing more need be sent. */
    private boolean taken;

    private final List<CompletedPart> parts = new ArrayList<>();

    Upload(S3Client client, Bucket bucket, String object, BiFunction<String, Exception, PayloadStoreException> failed) {
        this.client = client;
        this.bucket = bucket;
        this.object = object;
        this.failed = failed;
    }

    @Override
    public void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (filled == PART) {
                sendPart();
            }
            int some = Math.min(left, PART - filled);
            reserve(filled + some);
            System.arraycopy(bytes, from, buffer, filled, some);
            filled += some;
            from += some;
            left -= some;
        }
    }

    private void reserve(int size) {
        if (size > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.min(PART, Math.max(size, buffer.length * 2)));
        }
    }

    private void sendPart() {
        if (parts.isEmpty() && isThere()) {
            taken = true;
        }
        if (taken) {
            filled = 0;
            return;
        }
        if (parts.size() == MOST_PARTS) {
            throw new PayloadStoreException(
                    object + " has more than " + (long) MOST_PARTS * PART + " bytes, the most that is uploaded", null);
        }
        String id = begun();
        int number = parts.size() + 1;
        UploadPartResponse response = asking(() -> client.uploadPart(
                part -> part.bucket(bucket.name()).key(object).uploadId(id).partNumber(number), body()));
        parts.add(CompletedPart.builder()
                .partNumber(number)
                .eTag(response.eTag())
                .checksumCRC32(response.checksumCRC32())
                .build());
        filled = 0;
    }

    /** Spares an upload whose end would be refused. */
    private boolean isThere() {
        try {
            return asking(() -> {
                client.headObject(head -> head.bucket(bucket.name()).key(object));
                return true;
            });
        } catch (NoSuchKeyException absent) {
            return false;
        }
    }

    private String begun() {
        String begun = upload;
        if (begun == null) {
            begun = asking(() -> client.createMultipartUpload(create -> {
                        create.bucket(bucket.name()).key(object).contentType(TYPE);
                        if (bucket.kmsKey() != null) {
                            create.serverSideEncryption(ServerSideEncryption.AWS_KMS)
                                    .ssekmsKeyId(bucket.kmsKey());
                        }
                    }))
                    .uploadId();
            upload = begun;
        }
        return begun;
    }

    /** What is in the buffer, not copied, and read once more if the client tries again. */
    private RequestBody body() {
        byte[] bytes = buffer;
        int length = filled;
        return RequestBody.fromContentProvider(() -> new ByteArrayInputStream(bytes, 0, length), length, TYPE);
    }

    /** All is written; false if there is an object of that key already. */
    boolean complete() {
        String id = upload;
        return !taken && (id == null ? putThere() : completeThere(id));
    }

    private boolean putThere() {
        return took(() -> client.putObject(
                put -> {
                    put.bucket(bucket.name()).key(object).contentType(TYPE).ifNoneMatch("*");
                    if (bucket.kmsKey() != null) {
                        put.serverSideEncryption(ServerSideEncryption.AWS_KMS).ssekmsKeyId(bucket.kmsKey());
                    }
                },
                body()));
    }

    private boolean completeThere(String id) {
        if (filled > 0) {
            sendPart();
        }
        boolean took = took(() -> client.completeMultipartUpload(complete -> complete.bucket(bucket.name())
                .key(object)
                .uploadId(id)
                .ifNoneMatch("*")
                .multipartUpload(all -> all.parts(parts))));
        if (took) {
            upload = null;
        }
        return took;
    }

    /** False if there is one of that key. */
    private boolean took(Runnable request) {
        try {
            request.run();
            return true;
        } catch (S3Exception refused) {
            if (refused.statusCode() == PRECONDITION_FAILED) {
                return false;
            }
            throw failed.apply(
                    refused.statusCode() == CONFLICT
                            ? "does not take " + object + ", which another is just writing"
                            : "does not take " + object,
                    refused);
        } catch (SdkException down) {
            throw failed.apply("does not take " + object, down);
        }
    }

    private <R> R asking(Supplier<R> request) {
        try {
            return request.get();
        } catch (NoSuchKeyException absent) {
            throw absent;
        } catch (SdkException down) {
            throw failed.apply("does not take " + object, down);
        }
    }

    /** Aborts it if it is not complete. What cannot be aborted the bucket's own rule ends. */
    @Override
    public void close() {
        String id = upload;
        if (id == null) {
            return;
        }
        upload = null;
        try {
            client.abortMultipartUpload(
                    abort -> abort.bucket(bucket.name()).key(object).uploadId(id));
        } catch (SdkException left) {
            LOG.warn(
                    "the parts of {} that were uploaded stay in bucket '{}': {}",
                    object,
                    bucket.name(),
                    left.toString());
        }
    }
}
