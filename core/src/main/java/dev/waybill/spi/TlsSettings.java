package dev.waybill.spi;

import dev.waybill.ConfigException;
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

    /**
     * The error for an address that asks for no TLS: with it these would have no effect, and what is sent could be read on its way.
     *
     * @param address that of {@code waybill.uri}, without credentials
     * @param allowed the addresses that ask for TLS
     */
    public ConfigException unused(String address, String allowed) {
        return new ConfigException("waybill.tls."
                + (trustStore != null ? "trust-store is '" + trustStore : "key-store is '" + keyStore)
                + "', but waybill.uri is '" + address + "', which asks for no TLS: it must be " + allowed);
    }

    @Override
    public String toString() {
        return "TlsSettings[trustStore=" + trustStore + ", keyStore=" + keyStore + "]";
    }
}
