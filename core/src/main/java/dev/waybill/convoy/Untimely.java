package dev.waybill.convoy;

/** What becomes of a message that the convoy's state does not await. */
public enum Untimely {
    /** It is kept in the store, and goes through when a state comes that awaits it, in the order of arrival. */
    HOLD,
    /**
     * It goes to the end of its queue, once at once and then after a second each time; as often as a message of that queue may be
     * delivered, and then to the dead-letter queue.
     */
    REQUEUE,
    /** It goes to the dead-letter queue. */
    REJECT,
    /** It is acknowledged, and that is all. */
    IGNORE
}
