package dev.waybill.s3;

import dev.waybill.claimcheck.PayloadStoreException;
import java.io.ByteArrayInputStream;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.NoSuchUploadException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * The object that is written.
 *
 * @param writer who writes it, in a word that nobody else has: the client repeats a request whose answer is lost, and is then told that there
 *     is such an object already
 * @param failed tells trouble
 */
record Target(
        S3Client client,
        Bucket bucket,
        String object,
        String writer,
        BiFunction<String, Exception, PayloadStoreException> failed) {
    static final String TYPE = "application/octet-stream";

    private static final String WRITER = "waybill-writer";

    /** There is one already. */
    private static final int PRECONDITION_FAILED = 412;

    /** Another is just being written or deleted. */
    private static final int CONFLICT = 409;

    /** What is in a buffer, not copied, and read once more if the client tries again. */
    static RequestBody body(byte[] buffer, int length) {
        return RequestBody.fromContentProvider(() -> new ByteArrayInputStream(buffer, 0, length), length, TYPE);
    }

    /** What is to be written beside it. */
    Map<String, String> metadata() {
        return Map.of(WRITER, writer);
    }

    /** Whether there is one already. */
    boolean exists() {
        try {
            return asking(() -> {
                client.headObject(head -> head.bucket(bucket.name()).key(object));
                return true;
            });
        } catch (NoSuchKeyException absent) {
            return false;
        }
    }

    <R> R asking(Supplier<R> request) {
        try {
            return request.get();
        } catch (NoSuchKeyException absent) {
            throw absent;
        } catch (SdkException down) {
            throw untaken(down);
        }
    }

    private boolean isOurs() {
        try {
            return asking(() -> writer.equals(
                    client.headObject(head -> head.bucket(bucket.name()).key(object))
                            .metadata()
                            .get(WRITER)));
        } catch (NoSuchKeyException absent) {
            return false;
        }
    }

    /** Makes it; false if there is another already. */
    boolean make(Runnable request) {
        try {
            request.run();
            return true;
        } catch (NoSuchUploadException gone) {
            if (isOurs()) {
                return true;
            }
            throw untaken(gone);
        } catch (S3Exception refused) {
            if (refused.statusCode() == PRECONDITION_FAILED) {
                return isOurs();
            }
            throw refused.statusCode() == CONFLICT
                    ? failed.apply("does not take " + object + ", which another is just writing", refused)
                    : untaken(refused);
        } catch (SdkException down) {
            throw untaken(down);
        }
    }

    PayloadStoreException untaken(Exception why) {
        return failed.apply("does not take " + object, why);
    }
}
