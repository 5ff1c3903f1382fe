package dev.waybill.convoy;

/** How a convoy is doing. */
public enum ConvoyStatus {
    /** It goes on with the next message that its state awaits, or with the state's time-out. */
    RUNNING,
    /** Something failed as often as it may. Whatever comes is held until somebody decides. */
    STUCK,
    /** Somebody has decided; it goes on with what is held. */
    RESUMED,
    /** It has reached a terminal state. */
    DONE,
    /** Somebody has ended it. */
    CANCELLED
}
