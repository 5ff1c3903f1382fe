package dev.waybill.azure;

import com.azure.core.exception.HttpResponseException;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobStorageException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where blobs go, and how its trouble is told: any {@link RuntimeException} of the SDK, whose exceptions have no ancestor of their own.
 *
 * @param prefix what their names begin with
 * @param store what the store is called
 */
record Container(BlobContainerClient client, String prefix, String store) {

    /** The blob of a payload. */
    BlobClient blob(String key) {
        return client.getBlobClient(prefix + PayloadStore.checkedKey(key));
    }

    /** Where it is, without what opens it. */
    String address() {
        return client.getBlobContainerUrl() + "/" + prefix;
    }

    <R> R asking(String what, Supplier<R> question) {
        try {
            return question.get();
        } catch (RuntimeException failed) {
            throw failed(what, failed);
        }
    }

    /** Trouble of the store; that the thread was interrupted, which the SDK may forget, it knows again. */
    PayloadStoreException failed(String what, Exception cause) {
        Throwable reason = cause;
        while (!(reason instanceof HttpResponseException)
                && reason instanceof RuntimeException
                && reason.getCause() != null) {
            reason = reason.getCause();
        }
        if (reason instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        return new PayloadStoreException(this + " " + what + ": " + text(reason), cause);
    }

    /** An answer as a whole would be some lines of XML. */
    private static String text(Throwable reason) {
        if (reason instanceof HttpResponseException refused && refused.getResponse() != null) {
            BlobErrorCode code = code(refused);
            return "it answers " + refused.getResponse().getStatusCode() + (code == null ? "" : " " + code);
        }
        return reason.toString();
    }

    /** How Azure calls it, or null if it did not say. */
    static @Nullable BlobErrorCode code(RuntimeException failed) {
        return failed instanceof BlobStorageException refused ? refused.getErrorCode() : null;
    }

    /** Whether there is no such blob; if the container is gone, too, that is trouble. */
    static boolean isAbsent(RuntimeException failed) {
        return BlobErrorCode.BLOB_NOT_FOUND.equals(code(failed));
    }

    @Override
    public String toString() {
        return "payload store '" + store + "' in " + address();
    }
}
