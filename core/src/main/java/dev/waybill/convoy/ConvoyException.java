package dev.waybill.convoy;

/** A convoy is not there, or not in a condition to do with it what was asked for. */
public final class ConvoyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConvoyException(String message) {
        super(message);
    }
}
