package dev.waybill;

import org.jspecify.annotations.Nullable;

/** A setting is wrong: change the configuration. The message names the key, the value (never a secret) and what is allowed. */
public final class ConfigException extends WaybillException {
    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message, null);
    }

    public ConfigException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
