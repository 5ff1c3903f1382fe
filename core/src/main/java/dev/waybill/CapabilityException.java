package dev.waybill;

/** The queue asks for what this broker cannot do: ask for less, or choose another broker. Thrown when it is declared. */
public final class CapabilityException extends WaybillException {
    private static final long serialVersionUID = 1L;

    public CapabilityException(String message) {
        super(message, null);
    }
}
