package dev.waybill.idempotency;

/**
 * What a store answers to a consumer that wants to handle a message. Immutable. Those who write a store make it; a consumer hands
 * back what it got.
 */
public final class Claim {
    private static final Claim DONE = new Claim(State.DONE, "", "", 0, 0);

    private final State state;
    private final String queue;
    private final String messageId;
    private final long token;
    private final long retryAfterMillis;

    private Claim(State state, String queue, String messageId, long token, long retryAfterMillis) {
        this.state = state;
        this.queue = queue;
        this.messageId = messageId;
        this.token = token;
        this.retryAfterMillis = retryAfterMillis;
    }

    /**
     * The message is the caller's to handle.
     *
     * @param token tells this claim from every other of the same message, of any process, at any time
     */
    public static Claim granted(String queue, String messageId, long token) {
        return new Claim(State.NEW, queue, messageId, token, 0);
    }

    /** The message is done. */
    public static Claim done() {
        return DONE;
    }

    /** Another consumer has the message, for this long if it does not renew its lease; at least 1 ms. */
    public static Claim taken(long retryAfterMillis) {
        return new Claim(State.TAKEN, "", "", 0, Math.max(1, retryAfterMillis));
    }

    /** What to do with the message. */
    public State state() {
        return state;
    }

    /** The queue of a message that is {@link State#NEW}; otherwise empty. */
    public String queue() {
        return queue;
    }

    /** The id of a message that is {@link State#NEW}; otherwise empty. */
    public String messageId() {
        return messageId;
    }

    /**
     * What tells this claim from every other of the same message.
     *
     * @throws IllegalStateException if the message was not the caller's to handle
     */
    public long token() {
        if (state != State.NEW) {
            throw new IllegalStateException(
                    "the message was " + state + ": there is nothing to confirm, renew or abandon");
        }
        return token;
    }

    /** How long another consumer has the message, in milliseconds from now, if it is {@link State#TAKEN}; otherwise 0. */
    public long retryAfterMillis() {
        return retryAfterMillis;
    }

    @Override
    public String toString() {
        return switch (state) {
            case NEW -> "message '" + messageId + "' of queue '" + queue + "' is new";
            case DONE -> "done";
            case TAKEN -> "taken for " + retryAfterMillis + " ms";
        };
    }

    /** What a message is to the store. */
    public enum State {
        /** Nobody has handled it: go on. */
        NEW,
        /** It is a duplicate of one that is done: acknowledge it without handling it. */
        DONE,
        /** Another consumer has it, or had it and died: come back after {@link Claim#retryAfterMillis}. */
        TAKEN
    }
}
