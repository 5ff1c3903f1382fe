package dev.waybill.claimcheck;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Where payloads wait. Thread-safe, and for any number of processes at once. Keys are made by Waybill, of the form
 * {@link #KEY_FORM}; a store refuses any other, as an {@link IllegalArgumentException}, before it looks for it. Every method throws a
 * {@link PayloadStoreException} if the store cannot be asked or does not answer.
 */
public interface PayloadStore {

    /**
     * What a key looks like: one to four parts of letters, digits, hyphens and underscores, separated by slashes, the last perhaps
     * with an ending. There is no way up.
     */
    String KEY_FORM = "[A-Za-z0-9_-]{1,128}(/[A-Za-z0-9_-]{1,128}){0,3}(\\.[a-z]{1,8})?";

    /** The longest name of a store. */
    int LONGEST_NAME = 64;

    /** Whether a store can be called so: 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or a digit. */
    static boolean isName(String text) {
        return Keys.NAME.matcher(text).matches();
    }

    /** Whether it has the form of a key. */
    static boolean isKey(String text) {
        return Keys.FORM.matcher(text).matches();
    }

    /**
     * Checks the form of a key.
     *
     * @return the key
     * @throws IllegalArgumentException if it has another
     */
    static String checkedKey(String key) {
        if (!isKey(key)) {
            throw new IllegalArgumentException(
                    "'" + key + "' is no key of a payload: it must be of the form " + KEY_FORM);
        }
        return key;
    }

    /** By what references call it: not its address, which each process knows for itself. */
    String name();

    /**
     * Keeps what the content writes, of any length, durably. It is there whole or not at all, and a key that exists is never
     * written over.
     *
     * @return false if there is such a key already; then nothing has changed
     * @throws IOException what the content throws; then nothing is kept
     */
    boolean write(String key, Content content) throws IOException;

    /**
     * Opens a payload. What the stream throws as an {@link IOException} or as a {@link PayloadStoreException} is trouble of the store.
     *
     * @throws PayloadMissingException if there is none of that key
     */
    InputStream read(String key) throws PayloadMissingException;

    /** Whether there is one of that key. */
    boolean exists(String key);

    /** Deletes those that are there. One that cannot be deleted fails it, and keeps none of the others. */
    void delete(List<String> keys);

    /**
     * What is there, in the order of the keys.
     *
     * @param after the last key that is not wanted any more; empty to begin
     * @param limit how many at most
     */
    List<StoredPayload> list(String after, int limit);

    /**
     * A valet key: an address at which a payload can be read for a while by whoever has it, without credentials; empty if the store has no
     * such thing. It is given whether there is a payload of that key or not. It is for HTTP or HTTPS, its path ends with the payload's key,
     * and its query is a secret.
     *
     * @throws IllegalArgumentException if the store gives none that is valid for so long
     */
    default Optional<URI> valetKey(String key, Duration validFor) {
        return Optional.empty();
    }

    /** Writes a payload; once. */
    @FunctionalInterface
    interface Content {
        /**
         * Writes to the store's stream, and leaves closing it to the store. That stream throws a {@link PayloadStoreException} if it is the
         * store that fails.
         */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * What a store has.
     *
     * @param key its key
     * @param bytes how large it is
     * @param storedAtMillis when it was stored, in milliseconds since 1970, by the store's clock
     */
    record StoredPayload(String key, long bytes, long storedAtMillis) {}
}
