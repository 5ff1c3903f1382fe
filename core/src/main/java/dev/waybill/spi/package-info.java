/**
 * What an adapter implements, and nothing else: {@link dev.waybill.spi.BrokerProvider} is found by
 * {@link java.util.ServiceLoader}; it opens a {@link dev.waybill.spi.Broker}, which makes a {@link dev.waybill.spi.Sender}
 * or a {@link dev.waybill.spi.Receiver} for one destination.
 *
 * <p>The seam pulls and speaks of facts. Core owns batching, concurrency, back-pressure, lock heartbeats, recovery and every
 * decision; an adapter sends, receives, settles, extends and reports. <b>An adapter never retries and never reconnects by
 * itself</b>: it throws or reports a {@link dev.waybill.spi.BrokerException} whose {@link dev.waybill.spi.BrokerException.Kind}
 * says what it met, and core closes the sender or receiver and asks the broker for a new one. (A vendor client that recovers
 * by itself in the same object may do so, as long as nothing is reported stored, settled or extended that was not.)
 */
@NullMarked
package dev.waybill.spi;

import org.jspecify.annotations.NullMarked;
