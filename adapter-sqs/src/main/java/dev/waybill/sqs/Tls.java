package dev.waybill.sqs;

import dev.waybill.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Key stores from files. Not by the SDK's own provider, which logs that a store cannot be read and goes on without it, so
 * that the server then refuses whom it does not know.
 */
final class Tls {
    private Tls() {}

    static TrustManager[] trust(Path store, @Nullable String password) {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(load(store, password));
            return factory.getTrustManagers();
        } catch (GeneralSecurityException | IOException wrong) {
            throw unusable("waybill.tls.trust-store", store, wrong);
        }
    }

    static KeyManager[] keys(Path store, @Nullable String password) {
        try {
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(load(store, password), password == null ? new char[0] : password.toCharArray());
            return factory.getKeyManagers();
        } catch (GeneralSecurityException | IOException wrong) {
            throw unusable("waybill.tls.key-store", store, wrong);
        }
    }

    private static KeyStore load(Path store, @Nullable String password) throws GeneralSecurityException, IOException {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore loaded = KeyStore.getInstance(store.toString().endsWith(".jks") ? "JKS" : "PKCS12");
            loaded.load(in, password == null ? null : password.toCharArray());
            return loaded;
        }
    }

    private static ConfigException unusable(String key, Path store, Exception wrong) {
        return new ConfigException(
                key + " '" + store + "' cannot be used: " + wrong.getClass().getSimpleName() + ": "
                        + wrong.getMessage(),
                wrong);
    }
}
