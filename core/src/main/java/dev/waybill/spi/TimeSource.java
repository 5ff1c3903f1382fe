package dev.waybill.spi;

/** Time as core and adapters read it, so that a test can move it instead of waiting. Thread-safe. */
public interface TimeSource {

    /** Monotonic nanoseconds, for durations and deadlines; only differences mean something. */
    long nanos();

    /** Milliseconds since 1970, for what is written into a message. */
    long epochMillis();

    /** The time of this machine. */
    static TimeSource system() {
        return SystemTime.INSTANCE;
    }
}
