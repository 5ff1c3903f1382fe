/**
 * Claim checks: a payload that is too large for the broker waits in a store, and a small reference to it travels.
 *
 * <p>{@link dev.waybill.claimcheck.ClaimCheck} says for a queue what goes to which {@link dev.waybill.claimcheck.PayloadStore}, and what
 * becomes of it.
 */
@org.jspecify.annotations.NullMarked
package dev.waybill.claimcheck;
