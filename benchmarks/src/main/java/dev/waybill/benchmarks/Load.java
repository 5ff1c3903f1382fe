package dev.waybill.benchmarks;

/** The bounds that both sides keep. */
final class Load {
    /** Messages sent and not confirmed. */
    static final int IN_FLIGHT = 1000;

    /** Messages received and not acknowledged, beyond those being handled. */
    static final int PREFETCH = 250;

    private Load() {}
}
