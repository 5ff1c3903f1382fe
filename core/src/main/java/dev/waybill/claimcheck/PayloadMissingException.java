package dev.waybill.claimcheck;

/** The store answers, and has no payload of that key. */
public final class PayloadMissingException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param where the store and the key, in words */
    public PayloadMissingException(String where) {
        super("there is no payload " + where);
    }
}
