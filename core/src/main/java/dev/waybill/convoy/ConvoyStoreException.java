package dev.waybill.convoy;

import org.jspecify.annotations.Nullable;

/** The store cannot be asked, or does not answer. Messages wait for it, locked; it is no failed delivery. */
public final class ConvoyStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConvoyStoreException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
