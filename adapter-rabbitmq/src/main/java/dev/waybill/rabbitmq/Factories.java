package dev.waybill.rabbitmq;

import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ConnectionFactoryConfigurator;
import dev.waybill.ConfigException;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.TlsSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Sets up the client's connection factory from the configuration. */
final class Factories {
    private static final Set<String> NATIVE = Set.of(
            ConnectionFactoryConfigurator.CONNECTION_CHANNEL_MAX,
            ConnectionFactoryConfigurator.CONNECTION_FRAME_MAX,
            ConnectionFactoryConfigurator.CONNECTION_HEARTBEAT,
            ConnectionFactoryConfigurator.CHANNEL_RPC_TIMEOUT,
            ConnectionFactoryConfigurator.CHANNEL_SHOULD_CHECK_RPC_RESPONSE_TYPE);
    private static final int HEARTBEAT_SECONDS = 10;

    private Factories() {}

    static ConnectionFactory of(BrokerContext context, ServerAddress address) {
        ConnectionFactory factory = new ConnectionFactory();
        int timeout = millis(context.connectTimeout());
        factory.setRequestedHeartbeat(HEARTBEAT_SECONDS);
        factory.setChannelRpcTimeout(timeout);
        applyNative(factory, context.nativeSettings());
        // Core opens senders and receivers again: the client's own recovery forgets confirms.
        factory.setAutomaticRecoveryEnabled(false);
        factory.setTopologyRecoveryEnabled(false);
        factory.setConnectionTimeout(timeout);
        factory.setHandshakeTimeout(timeout);
        factory.setVirtualHost(address.vhost());
        String username = address.username();
        String password = address.password();
        factory.setUsername(context.username().orElse(username == null ? "guest" : username));
        factory.setPassword(context.password().orElse(password == null ? "guest" : password));
        if (address.tls()) {
            factory.useSslProtocol(ssl(context.tls().orElse(new TlsSettings(null, null, null, null))));
            factory.enableHostnameVerification();
        } else if (context.tls().isPresent()) {
            throw context.tls().get().unused(address.toString(), "amqps://...");
        }
        return factory;
    }

    static int millis(Duration duration) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, duration.toMillis()));
    }

    private static void applyNative(ConnectionFactory factory, Map<String, String> settings) {
        for (String key : settings.keySet()) {
            if (!NATIVE.contains(key) && !key.startsWith(ConnectionFactoryConfigurator.CLIENT_PROPERTIES_PREFIX)) {
                throw new ConfigException(
                        "waybill.rabbitmq.native." + key + " is not a setting of the client; allowed are "
                                + NATIVE.stream().sorted().toList() + " and "
                                + ConnectionFactoryConfigurator.CLIENT_PROPERTIES_PREFIX + "*");
            }
        }
        if (!settings.isEmpty()) {
            try {
                ConnectionFactoryConfigurator.load(factory, settings, "");
            } catch (IllegalArgumentException wrong) {
                throw new ConfigException(
                        "waybill.rabbitmq.native.* is not taken by the client: " + wrong.getMessage(), wrong);
            }
        }
    }

    private static SSLContext ssl(TlsSettings tls) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    keyManagers(tls.keyStore(), tls.keyStorePassword()),
                    trustManagers(tls.trustStore(), tls.trustStorePassword()),
                    null);
            return context;
        } catch (GeneralSecurityException | IOException wrong) {
            throw new ConfigException("waybill.tls.* cannot be used: " + wrong.getMessage() + " (" + tls + ")", wrong);
        }
    }

    private static TrustManager @Nullable [] trustManagers(@Nullable Path store, @Nullable String password)
            throws GeneralSecurityException, IOException {
        if (store == null) {
            return null;
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(load(store, password));
        return factory.getTrustManagers();
    }

    private static KeyManager @Nullable [] keyManagers(@Nullable Path store, @Nullable String password)
            throws GeneralSecurityException, IOException {
        if (store == null) {
            return null;
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(load(store, password), password == null ? new char[0] : password.toCharArray());
        return factory.getKeyManagers();
    }

    private static KeyStore load(Path store, @Nullable String password) throws GeneralSecurityException, IOException {
        KeyStore loaded = KeyStore.getInstance(store.toString().endsWith(".jks") ? "JKS" : "PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            loaded.load(in, password == null ? null : password.toCharArray());
        }
        return loaded;
    }
}
