package dev.waybill.sqs;

import dev.waybill.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Key stores from files. */
final class TrustStores {
    private TrustStores() {}

    static String type(Path store) {
        return store.toString().endsWith(".jks") ? "JKS" : "PKCS12";
    }

    static TrustManager[] managers(Path store, @Nullable String password) {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore loaded = KeyStore.getInstance(type(store));
            loaded.load(in, password == null ? null : password.toCharArray());
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(loaded);
            return factory.getTrustManagers();
        } catch (GeneralSecurityException | IOException wrong) {
            throw new ConfigException(
                    "waybill.tls.trust-store '" + store + "' cannot be used: " + wrong.getMessage(), wrong);
        }
    }
}
