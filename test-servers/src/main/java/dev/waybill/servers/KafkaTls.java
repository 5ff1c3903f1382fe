package dev.waybill.servers;

import java.util.Map;
import java.util.UUID;

/** A second listener of a Kafka broker, with TLS and SASL PLAIN. */
final class KafkaTls {
    /** The listener's name; without "SSL" in it, which makes the official image ask for files of its own. */
    static final String LISTENER = "SECURE";

    static final String USER = "waybill";

    private final int port;
    private final String password = UUID.randomUUID().toString();

    KafkaTls(int port) {
        this.port = port;
    }

    int port() {
        return port;
    }

    String password() {
        return password;
    }

    /** What the broker needs beside the listener's own addresses; the key store is a file as the server sees it. */
    Map<String, String> settings(String keyStore, String keyStorePassword) {
        String prefix = "listener.name." + LISTENER.toLowerCase(java.util.Locale.ROOT) + ".";
        return Map.of(
                prefix + "ssl.keystore.type",
                "PKCS12",
                prefix + "ssl.keystore.location",
                keyStore,
                prefix + "ssl.keystore.password",
                keyStorePassword,
                prefix + "sasl.enabled.mechanisms",
                "PLAIN",
                prefix + "plain.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required user_" + USER + "=\"" + password
                        + "\";");
    }
}
