package dev.waybill.azure;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.azure.storage.blob.specialized.BlockBlobClient;
import dev.waybill.claimcheck.PayloadStoreException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The blocks of one blob, some of which are sent at once, each on a thread of its own. Not thread-safe. To be closed, which ends its
 * threads; what they sent is no blob until all is committed.
 */
final class Blocks implements AutoCloseable {
    private final Target target;
    private final int atOnce;
    private final ExecutorService senders;
    private final List<String> ids = new ArrayList<>();

    /** Each gives its buffer back. */
    private final Deque<Future<byte[]>> underWay = new ArrayDeque<>();

    /** @param atOnce how many blocks are sent at once, so that one more is in memory, which is being filled */
    Blocks(Target target, int atOnce) {
        this.target = target;
        this.atOnce = atOnce;
        senders = Executors.newFixedThreadPool(atOnce, task -> {
            Thread thread = new Thread(task, "waybill-azure-upload");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Has a block sent. Does not block.
     *
     * @param buffer stays as it is until it is {@link #free}
     */
    void send(byte[] buffer, int length) {
        if (ids.size() == BlockBlobClient.MAX_BLOCKS) {
            throw new PayloadStoreException(
                    target.blob().getBlobName() + " has more than " + (long) BlockBlobClient.MAX_BLOCKS * Upload.BLOCK
                            + " bytes, the most that is uploaded",
                    null);
        }
        // With the writer, so that nobody commits the blocks of another; all of one length, or Azure refuses them.
        String id = Base64.getEncoder()
                .encodeToString(String.format(Locale.ROOT, "%s-%05d", target.writer(), ids.size())
                        .getBytes(US_ASCII));
        ids.add(id);
        underWay.add(senders.submit(() -> {
            target.stage(id, buffer, length);
            return buffer;
        }));
    }

    /**
     * A buffer for the next block; waits for one if as many as may be are on their way.
     *
     * @throws PayloadStoreException if a block did not arrive, also if it is called again
     */
    byte[] free() {
        return underWay.size() <= atOnce ? new byte[Upload.BLOCK] : awaitOldest();
    }

    private byte[] awaitOldest() {
        byte[] buffer = await(underWay.element());
        underWay.remove();
        return buffer;
    }

    private byte[] await(Future<byte[]> block) {
        try {
            return block.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new PayloadStoreException(
                    "the upload of " + target.blob().getBlobName() + " was interrupted", interrupted);
        } catch (ExecutionException bad) {
            if (bad.getCause() instanceof RuntimeException down) {
                throw target.untaken(down);
            }
            throw new IllegalStateException(
                    "a block of " + target.blob().getBlobName() + " was not sent", bad.getCause());
        }
    }

    /** All is sent; false if there is a blob of that name already. */
    boolean commit() {
        while (!underWay.isEmpty()) {
            awaitOldest();
        }
        return target.commit(ids);
    }

    @Override
    public void close() {
        senders.shutdownNow();
    }
}
