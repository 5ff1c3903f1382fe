package dev.waybill.convoy;

import java.util.Map;

/**
 * A message that waits in the store until the state of its convoy awaits it.
 *
 * @param order its place among those of its convoy
 * @param messageId its id
 * @param type the simple name of its payload's class
 * @param headers the application's headers
 * @param body the payload, encoded
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record HeldMessage(long order, String messageId, String type, Map<String, String> headers, byte[] body) {}
