package dev.waybill.claimcheck;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What the store has is not what was sent: another length, another digest, or what its cipher or its compression does not take. */
public final class PayloadCorruptException extends IOException {
    private static final long serialVersionUID = 1L;

    public PayloadCorruptException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
