package dev.waybill.jdbc;

import java.nio.charset.StandardCharsets;

/** A message as it stands in the table: in UTF-8, which no collation of any database compares otherwise than byte by byte. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Key(byte[] queue, byte[] messageId) {

    /** Both are well-formed Unicode, so that no two of them become the same. */
    static Key of(String queue, String messageId) {
        return new Key(queue.getBytes(StandardCharsets.UTF_8), messageId.getBytes(StandardCharsets.UTF_8));
    }
}
