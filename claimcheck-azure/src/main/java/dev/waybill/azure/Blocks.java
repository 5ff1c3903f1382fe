package dev.waybill.azure;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.azure.storage.blob.specialized.BlockBlobClient;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.claimcheck.Pieces;
import java.util.Base64;
import java.util.Locale;

/**
 * The blocks of one blob, some of which are sent at once. Not thread-safe. To be closed; what was sent is no blob until all is committed.
 */
final class Blocks implements AutoCloseable {
    private final Target target;
    private final Pieces<String> pieces;
    private int sent;

    /** @param atOnce how many blocks are sent at once, so that one more is in memory, which is being filled */
    Blocks(Target target, int atOnce) {
        this.target = target;
        pieces = new Pieces<>(
                Upload.BLOCK, atOnce, "waybill-azure-upload", target.blob().getBlobName(), target::untaken);
    }

    /** Has a block sent, as {@link Pieces#send} does. */
    void send(byte[] buffer, int length) {
        if (sent == BlockBlobClient.MAX_BLOCKS) {
            throw new PayloadStoreException(
                    target.blob().getBlobName() + " has more than " + (long) BlockBlobClient.MAX_BLOCKS * Upload.BLOCK
                            + " bytes, the most that is uploaded",
                    null);
        }
        // With the writer, so that nobody commits the blocks of another; all of one length, or Azure refuses them.
        String id = Base64.getEncoder()
                .encodeToString(String.format(Locale.ROOT, "%s-%05d", target.writer(), sent)
                        .getBytes(US_ASCII));
        sent++;
        pieces.send(buffer, () -> {
            target.stage(id, buffer, length);
            return id;
        });
    }

    /** A buffer for the next block, as {@link Pieces#free} gives it. */
    byte[] free() {
        return pieces.free();
    }

    /** All is sent; false if there is a blob of that name already. */
    boolean commit() {
        return target.commit(pieces.all());
    }

    @Override
    public void close() {
        pieces.close();
    }
}
