package dev.waybill.spi;

/** Where a sender reports that the broker has stopped or resumed taking messages. Callable from any thread; does not block. */
public interface SenderListener {

    /** The broker blocks publishers, for instance for want of memory: core stops handing messages over. */
    void blocked(String reason);

    /** The broker takes messages again. */
    void unblocked();
}
