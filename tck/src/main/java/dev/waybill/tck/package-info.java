/**
 * The conformance suite: an adapter that passes it keeps what {@code docs/GUARANTEES.md} promises. To run it, extend
 * {@link dev.waybill.tck.BrokerConformance} and give it a {@link dev.waybill.tck.BrokerHarness}.
 */
@NullMarked
package dev.waybill.tck;

import org.jspecify.annotations.NullMarked;
