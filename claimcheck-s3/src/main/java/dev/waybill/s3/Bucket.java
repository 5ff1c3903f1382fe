package dev.waybill.s3;

import org.jspecify.annotations.Nullable;

/**
 * Where objects go.
 *
 * @param prefix what their keys begin with
 * @param kmsKey what S3 is to encrypt them with, or null
 */
record Bucket(String name, String prefix, @Nullable String kmsKey) {

    /** The object of a payload. */
    String object(String key) {
        return prefix + key;
    }
}
