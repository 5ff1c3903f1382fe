/** Claim checks whose payloads are encrypted by Google's Tink: {@link dev.waybill.tink.TinkPayloadCipher}. */
@org.jspecify.annotations.NullMarked
package dev.waybill.tink;
