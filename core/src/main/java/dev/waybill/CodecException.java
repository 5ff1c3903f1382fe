package dev.waybill;

import org.jspecify.annotations.Nullable;

/** A payload cannot be encoded or decoded. A received message that cannot be decoded goes to the dead-letter queue, unchanged. */
public final class CodecException extends WaybillException {
    private static final long serialVersionUID = 1L;

    public CodecException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
