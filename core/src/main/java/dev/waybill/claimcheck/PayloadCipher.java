package dev.waybill.claimcheck;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Keeps payloads secret from who can read the store. Thread-safe. What it writes must be authenticated, in pieces, so that what it
 * reads is known to be what was written before it is handed over.
 */
public interface PayloadCipher {

    /** What it is and with which kind of key, in one word; a consumer refuses what was written by any other. */
    String name();

    /**
     * Encrypts what is written. Closing the stream completes it, and closes the one below.
     *
     * @param bound what the payload is bound to; it is not secret, and cannot be read elsewhere
     */
    OutputStream encrypting(OutputStream out, byte[] bound) throws IOException;

    /** Decrypts; a wrong key, a changed payload, or one that is bound to something else is an {@link IOException}. */
    InputStream decrypting(InputStream in, byte[] bound) throws IOException;
}
