package dev.waybill.examples.demo;

/** The demo cannot run as it was asked to; the message says why in one line. */
public final class DemoException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public DemoException(String message) {
        super(message);
    }
}
