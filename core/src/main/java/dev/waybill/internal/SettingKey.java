package dev.waybill.internal;

import java.util.Arrays;
import java.util.Optional;

/** The portable keys, with what is allowed. */
enum SettingKey {
    BROKER("waybill.broker", "the name of an adapter: rabbitmq, kafka, sqs or in-memory"),
    URI("waybill.uri", "the broker's address, as the adapter describes it"),
    USERNAME("waybill.username", "a user name, or the access key id on SQS"),
    PASSWORD("waybill.password", "a password, or the secret access key on SQS"),
    CLIENT_NAME("waybill.client-name", "a name of this process, for the broker's logs"),
    CONNECT_TIMEOUT("waybill.connect-timeout", "a duration of at least 1 ms, such as 500ms, 10s or PT10S"),
    TOPOLOGY("waybill.topology", "declare, verify or off"),
    TRUST_STORE("waybill.tls.trust-store", "the path of a PKCS#12 or JKS file"),
    TRUST_STORE_PASSWORD("waybill.tls.trust-store-password", "a password"),
    KEY_STORE("waybill.tls.key-store", "the path of a PKCS#12 or JKS file"),
    KEY_STORE_PASSWORD("waybill.tls.key-store-password", "a password"),
    MAX_IN_FLIGHT("waybill.producer.max-in-flight", "a number of messages, 1 to 1000000"),
    MAX_IN_FLIGHT_BYTES("waybill.producer.max-in-flight-bytes", "a number of bytes, at least 1"),
    SEND_TIMEOUT("waybill.producer.send-timeout", "a duration of at least 1 ms, such as 500ms, 10s or PT10S"),
    CONCURRENCY("waybill.consumer.concurrency", "a number of handlers, 1 to 10000"),
    PREFETCH("waybill.consumer.prefetch", "a number of messages, 0 to 10000"),
    DRAIN_TIMEOUT("waybill.consumer.drain-timeout", "a duration of at least 1 ms, such as 500ms, 10s or PT10S"),
    MDC("waybill.consumer.mdc", "true or false");

    private final String key;
    private final String allowed;

    SettingKey(String key, String allowed) {
        this.key = key;
        this.allowed = allowed;
    }

    String key() {
        return key;
    }

    String allowed() {
        return allowed;
    }

    static Optional<SettingKey> of(String key) {
        return Arrays.stream(values()).filter(known -> known.key.equals(key)).findFirst();
    }
}
