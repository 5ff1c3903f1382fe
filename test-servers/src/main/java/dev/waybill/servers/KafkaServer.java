package dev.waybill.servers;

/** What only Kafka has. Its TLS listener is there if {@link ServerOptions#withTls} asked for it. */
public interface KafkaServer extends TestServer {
    /**
     * The listener that speaks TLS and asks for a user by SASL PLAIN.
     *
     * @throws IllegalStateException if there is none
     */
    String saslUri();

    /** Who may use that listener. */
    String saslUser();

    /** That user's password. */
    String saslPassword();
}
