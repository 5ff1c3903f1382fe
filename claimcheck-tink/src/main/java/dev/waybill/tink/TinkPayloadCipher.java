package dev.waybill.tink;

import com.google.crypto.tink.StreamingAead;
import dev.waybill.claimcheck.PayloadCipher;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.util.Objects;

/**
 * Encrypts payloads by a streaming AEAD of Tink, such as {@code AES256_GCM_HKDF_1MB}: AES-GCM in segments, each of which is authenticated
 * before a byte of it is handed over, with a key of its own for each payload. Thread-safe as the AEAD is.
 *
 * <pre>{@code
 * StreamingAeadConfig.register();
 * KeysetHandle keys = ...;                  // from your key management; with several keys, all decrypt and the primary one encrypts
 * ClaimCheck.in(store).encryptedBy(
 *         TinkPayloadCipher.of("orders-1", keys.getPrimitive(RegistryConfiguration.get(), StreamingAead.class)))
 * }</pre>
 */
public final class TinkPayloadCipher implements PayloadCipher {
    private final String name;
    private final StreamingAead aead;

    private TinkPayloadCipher(String name, StreamingAead aead) {
        this.name = name;
        this.aead = aead;
    }

    /**
     * A cipher.
     *
     * @param name what references call it, on all processes: it says which keys, and is not secret
     */
    public static TinkPayloadCipher of(String name, StreamingAead aead) {
        return new TinkPayloadCipher(Objects.requireNonNull(name, "name"), Objects.requireNonNull(aead, "aead"));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public OutputStream encrypting(OutputStream out, byte[] bound) throws IOException {
        try {
            return aead.newEncryptingStream(out, bound);
        } catch (GeneralSecurityException unusable) {
            throw new IOException("cipher '" + name + "' cannot encrypt: " + unusable.getMessage(), unusable);
        }
    }

    @Override
    public InputStream decrypting(InputStream in, byte[] bound) throws IOException {
        try {
            return aead.newDecryptingStream(in, bound);
        } catch (GeneralSecurityException unusable) {
            throw new IOException("cipher '" + name + "' cannot decrypt: " + unusable.getMessage(), unusable);
        }
    }
}
