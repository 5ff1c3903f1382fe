package dev.waybill;

import org.jspecify.annotations.Nullable;

/** The broker cannot be reached, or refuses: try again later, or mend the address, the credentials or the permissions. */
public final class BrokerUnavailableException extends WaybillException {
    private static final long serialVersionUID = 1L;

    public BrokerUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
