package dev.waybill.kafka;

import dev.waybill.ConfigException;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.TlsSettings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** TLS and SASL settings of the clients, from the portable ones. */
final class Security {
    /** Does not disclose the password to whoever listens or pretends to be the broker, with or without TLS. */
    static final String DEFAULT_MECHANISM = "SCRAM-SHA-256";

    private static final String MECHANISM = "sasl.mechanism";
    private static final String JAAS = "sasl.jaas.config";

    private Security() {}

    static Map<String, Object> settings(BrokerContext context, boolean tls, NativeSettings natives) {
        Map<String, Object> settings = new HashMap<>();
        boolean sasl = context.username().isPresent() || natives.has(MECHANISM) || natives.has(JAAS);
        settings.put("security.protocol", (sasl ? "SASL_" : "") + (tls ? "SSL" : "PLAINTEXT"));
        if (context.tls().isPresent()) {
            if (!tls) {
                throw context.tls().get().unused(context.uri().orElse(Address.DEFAULT), "kafkas://...");
            }
            stores(context.tls().get(), natives, settings);
        }
        if (context.username().isPresent()) {
            if (natives.has(JAAS)) {
                throw new ConfigException(
                        "set either waybill.username or waybill.kafka.native.sasl.jaas.config, not both");
            }
            String mechanism = natives.get(MECHANISM, DEFAULT_MECHANISM);
            settings.put(MECHANISM, mechanism);
            settings.put(
                    JAAS,
                    jaas(mechanism, context.username().get(), context.password().orElse("")));
        }
        return settings;
    }

    private static String jaas(String mechanism, String username, String password) {
        String module = switch (mechanism.toUpperCase(Locale.ROOT)) {
            case "PLAIN" -> "org.apache.kafka.common.security.plain.PlainLoginModule";
            case "SCRAM-SHA-256", "SCRAM-SHA-512" -> "org.apache.kafka.common.security.scram.ScramLoginModule";
            default ->
                throw new ConfigException("waybill.kafka.native.sasl.mechanism is " + mechanism
                        + ", which takes no user name and password: it must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512,"
                        + " or set waybill.kafka.native.sasl.jaas.config instead of waybill.username");
        };
        return module + " required username=" + quoted(username) + " password=" + quoted(password) + ";";
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static void stores(TlsSettings tls, NativeSettings natives, Map<String, Object> settings) {
        store("ssl.truststore", tls.trustStore(), tls.trustStorePassword(), natives, settings);
        store("ssl.keystore", tls.keyStore(), tls.keyStorePassword(), natives, settings);
        if (tls.keyStore() != null && tls.keyStorePassword() != null && !natives.has("ssl.key.password")) {
            settings.put("ssl.key.password", tls.keyStorePassword());
        }
    }

    private static void store(
            String name,
            @Nullable Path path,
            @Nullable String password,
            NativeSettings natives,
            Map<String, Object> settings) {
        if (path == null) {
            return;
        }
        if (natives.has(name + ".location")) {
            throw new ConfigException(
                    "set either waybill.tls.* or waybill.kafka.native." + name + ".location, not both");
        }
        settings.put(name + ".location", path.toString());
        settings.put(name + ".type", path.toString().toLowerCase(Locale.ROOT).endsWith(".jks") ? "JKS" : "PKCS12");
        if (password != null) {
            settings.put(name + ".password", password);
        }
    }
}
