package dev.waybill.claimcheck;

import org.jspecify.annotations.Nullable;

/**
 * The store cannot be asked, or does not answer. A send that needs it fails before anything is sent; a received message waits, locked,
 * until it answers.
 */
public final class PayloadStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PayloadStoreException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
