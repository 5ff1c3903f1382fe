package dev.waybill.servers;

import org.jspecify.annotations.Nullable;

/** A server could not be fetched, started or commanded; the message says which, and holds the end of its log. */
public final class ServerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ServerException(String message) {
        super(message);
    }

    ServerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
