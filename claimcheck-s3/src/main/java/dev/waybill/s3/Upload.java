package dev.waybill.s3;

import dev.waybill.claimcheck.PieceOutput;
import java.io.ByteArrayInputStream;
import java.io.SequenceInputStream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/**
 * One object on its way: in one request if it has no more than two parts, which spares four others, else in parts, which are sent while the
 * next is written. To be closed, which aborts it unless it is complete.
 */
final class Upload extends PieceOutput {
    /** S3 takes parts of 5 MiB and more, but for the last. */
    static final int PART = 8 << 20;

    private final Target target;
    private final int atOnce;

    /** The part before the buffer, until it is clear that they do not go in one request; null if there is none. */
    private byte @Nullable [] first;

    private @Nullable Parts parts;

    /** Whether there is an object of that key already, so that nothing more need be sent. */
    private boolean taken;

    /** @param atOnce how many parts are sent at once */
    Upload(Target target, int atOnce) {
        super(PART);
        this.target = target;
        this.atOnce = atOnce;
    }

    @Override
    protected byte[] full(byte[] part) {
        Parts begun = parts;
        if (begun != null) {
            begun.send(part, PART);
            return begun.free();
        }
        byte[] before = first;
        if (before == null) {
            first = part;
            return new byte[PART];
        }
        return taken ? part : begin(before, part);
    }

    /** There is too much for one request. */
    private byte[] begin(byte[] before, byte[] part) {
        // Spares an upload whose end would be refused.
        taken = target.exists();
        if (taken) {
            return part;
        }
        Parts begun = new Parts(target, atOnce);
        parts = begun;
        begun.send(before, PART);
        begun.send(part, PART);
        return begun.free();
    }

    /** All is written; false if there is an object of that key already. */
    boolean complete() {
        if (taken) {
            return false;
        }
        Parts begun = parts;
        if (begun == null) {
            return put();
        }
        begun.send(buffer(), filled());
        return begun.complete();
    }

    private boolean put() {
        Bucket bucket = target.bucket();
        return target.make(() -> target.client()
                .putObject(
                        put -> {
                            put.bucket(bucket.name())
                                    .key(target.object())
                                    .contentType(Target.TYPE)
                                    .metadata(target.metadata())
                                    .ifNoneMatch("*");
                            if (bucket.kmsKey() != null) {
                                put.serverSideEncryption(ServerSideEncryption.AWS_KMS)
                                        .ssekmsKeyId(bucket.kmsKey());
                            }
                        },
                        first == null ? Target.body(buffer(), filled()) : both(first)));
    }

    private RequestBody both(byte[] before) {
        return RequestBody.fromContentProvider(
                () -> new SequenceInputStream(
                        new ByteArrayInputStream(before), new ByteArrayInputStream(buffer(), 0, filled())),
                before.length + filled(),
                Target.TYPE);
    }

    @Override
    public void close() {
        if (parts != null) {
            parts.close();
        }
    }
}
