/**
 * What an application imports: queues, messages, producers, consumers and what can go wrong. The broker is chosen by
 * configuration; see {@link dev.waybill.WaybillConfig}.
 */
@NullMarked
package dev.waybill;

import org.jspecify.annotations.NullMarked;
