package dev.waybill.spi;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The portable part of TLS: PKCS#12 or JKS stores, as {@code waybill.tls.*} gives them. {@code toString} shows no password.
 *
 * @param trustStore whom to trust, or null for the JVM's own
 * @param trustStorePassword its password, or null for none
 * @param keyStore the client's own certificate, or null for none
 * @param keyStorePassword its password, or null for none
 */
public record TlsSettings(
        @Nullable Path trustStore,
        @Nullable String trustStorePassword,
        @Nullable Path keyStore,
        @Nullable String keyStorePassword) {

    @Override
    public String toString() {
        return "TlsSettings[trustStore=" + trustStore + ", keyStore=" + keyStore + "]";
    }
}
