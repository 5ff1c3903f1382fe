/**
 * Remembering which messages are done, so that one that comes again has no effect a second time:
 * {@link dev.waybill.idempotency.IdempotencyStore}, and one that keeps it in memory.
 */
@NullMarked
package dev.waybill.idempotency;

import org.jspecify.annotations.NullMarked;
