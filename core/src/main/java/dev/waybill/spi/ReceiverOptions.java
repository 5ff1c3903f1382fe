package dev.waybill.spi;

/**
 * How to receive.
 *
 * @param prefetch how many messages the receiver may hold, handed over and not yet settled or still in its buffer; at least 1
 */
public record ReceiverOptions(int prefetch) {}
