package dev.waybill.spi;

import java.time.Duration;

/**
 * What was declared of a queue, as far as a broker needs it.
 *
 * @param name the portable name: 1 to 64 letters, digits, hyphens and underscores
 * @param maxDeliveries how often a message is delivered at most, counted from 1, before it is dead-lettered; core does that
 *     itself when a handler fails, and the broker's own limit, set to the same number, is the net for consumers that die
 * @param lockDuration how long a delivered message stays locked to its consumer without an extension
 */
public record QueueDefinition(String name, int maxDeliveries, Duration lockDuration) {}
