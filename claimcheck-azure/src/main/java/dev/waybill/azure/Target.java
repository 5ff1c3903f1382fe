package dev.waybill.azure;

import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.options.BlockBlobCommitBlockListOptions;
import com.azure.storage.blob.options.BlockBlobSimpleUploadOptions;
import com.azure.storage.blob.options.BlockBlobStageBlockOptions;
import com.azure.storage.blob.specialized.BlockBlobClient;
import dev.waybill.claimcheck.PayloadStoreException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The blob that is written.
 *
 * @param writer who writes it, in a word that nobody else has: the client repeats a request whose answer is lost, and is then told that there
 *     is such a blob already
 */
record Target(Container container, BlockBlobClient blob, String writer) {
    private static final int SLICE = 64 << 10;

    /** A hyphen would not be taken. */
    private static final String WRITER = "waybill_writer";

    /** What may mean that there is one already; with it go the blocks that others have sent for it. */
    private static final Set<BlobErrorCode> TAKEN = Set.of(
            BlobErrorCode.BLOB_ALREADY_EXISTS, BlobErrorCode.CONDITION_NOT_MET, BlobErrorCode.INVALID_BLOCK_LIST);

    /** Makes it of what is in a buffer; false if there is another already. */
    boolean put(byte[] buffer, int length) {
        return make(() -> blob.uploadWithResponse(
                new BlockBlobSimpleUploadOptions(body(buffer, length))
                        .setContentMd5(sum(buffer, length))
                        .setMetadata(Map.of(WRITER, writer))
                        .setRequestConditions(unlessThereIsOne()),
                null,
                Context.NONE));
    }

    /** Sends a block of it. What it throws is the SDK's. */
    void stage(String block, byte[] buffer, int length) {
        blob.stageBlockWithResponse(
                new BlockBlobStageBlockOptions(block, body(buffer, length)).setContentMd5(sum(buffer, length)),
                null,
                Context.NONE);
    }

    /** Makes it of these blocks; false if there is another already. */
    boolean commit(List<String> blocks) {
        return make(() -> blob.commitBlockListWithResponse(
                new BlockBlobCommitBlockListOptions(blocks)
                        .setMetadata(Map.of(WRITER, writer))
                        .setRequestConditions(unlessThereIsOne()),
                null,
                Context.NONE));
    }

    /**
     * What is in a buffer, read once more if the client tries again; in slices, since the JDK keeps a copy of the largest that a thread has
     * written, outside of the heap.
     */
    private static BinaryData body(byte[] buffer, int length) {
        List<ByteBuffer> slices = new ArrayList<>();
        for (int from = 0; from < length; from += SLICE) {
            slices.add(ByteBuffer.wrap(buffer, from, Math.min(SLICE, length - from)));
        }
        return BinaryData.fromListByteBuffer(slices);
    }

    /** Azure refuses what arrives with another; null where there is none, as in a JVM that is held to FIPS, so that TLS alone looks after it. */
    private static byte @Nullable [] sum(byte[] buffer, int length) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(buffer, 0, length);
            return md5.digest();
        } catch (NoSuchAlgorithmException none) {
            return null;
        }
    }

    private static BlobRequestConditions unlessThereIsOne() {
        return new BlobRequestConditions().setIfNoneMatch("*");
    }

    private boolean make(Runnable request) {
        try {
            request.run();
            return true;
        } catch (RuntimeException refused) {
            BlobErrorCode code = Container.code(refused);
            if (code == null || !TAKEN.contains(code)) {
                throw untaken(refused);
            }
            String there = writerOfWhatIsThere();
            if (there == null) {
                throw untaken(refused);
            }
            return there.equals(writer);
        }
    }

    /** Empty if it is not one of Waybill's; null if there is none. */
    private @Nullable String writerOfWhatIsThere() {
        try {
            return blob.getProperties().getMetadata().getOrDefault(WRITER, "");
        } catch (RuntimeException failed) {
            if (Container.isAbsent(failed)) {
                return null;
            }
            throw untaken(failed);
        }
    }

    PayloadStoreException untaken(RuntimeException why) {
        return container.failed("does not take " + blob.getBlobName(), why);
    }
}
