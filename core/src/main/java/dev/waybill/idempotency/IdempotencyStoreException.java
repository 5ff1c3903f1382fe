package dev.waybill.idempotency;

import org.jspecify.annotations.Nullable;

/**
 * The store cannot be asked, or does not answer: it is not known whether the message is done. The message is then not handled;
 * it waits, locked, until the store answers.
 */
public final class IdempotencyStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public IdempotencyStoreException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
