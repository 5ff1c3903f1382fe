package dev.waybill.convoy;

/** Somebody else has changed the convoy since it was read. Nothing was kept; whoever gets this looks again. */
public final class StaleConvoyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StaleConvoyException(String message, Throwable cause) {
        super(message, cause);
    }

    public StaleConvoyException(String machine, String key) {
        super("convoy '" + key + "' of " + machine + " was changed by somebody else meanwhile");
    }
}
