package dev.waybill.internal;

/** Not a failure of the message: it is to be held and handled later, as the same delivery. Without a stack trace. */
@SuppressWarnings("StaticAssignmentOfThrowable") // they have no stack trace that could mislead
final class HoldException extends Exception {
    private static final long serialVersionUID = 1L;

    /** It was not tried, and keeps its place. */
    static final HoldException UNTRIED = new HoldException(false);

    /** It was tried in vain, and the others are to have their turn. */
    static final HoldException TRIED = new HoldException(true);

    private final boolean tried;

    private HoldException(boolean tried) {
        super("to be handled later", null, false, false);
        this.tried = tried;
    }

    boolean tried() {
        return tried;
    }
}
