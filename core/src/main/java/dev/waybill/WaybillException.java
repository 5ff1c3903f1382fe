package dev.waybill;

import org.jspecify.annotations.Nullable;

/** The root of what Waybill throws. Which subtype it is says what the caller can do. */
public abstract sealed class WaybillException extends RuntimeException
        permits ConfigException,
                TopologyException,
                CapabilityException,
                SendException,
                BrokerUnavailableException,
                CodecException {
    private static final long serialVersionUID = 1L;

    WaybillException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
