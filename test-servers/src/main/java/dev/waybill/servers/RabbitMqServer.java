package dev.waybill.servers;

/**
 * What only RabbitMQ has.
 *
 * <p>{@link #kill()} first lets it write its list of quorum queues, which it does about a second late and without which a queue
 * that is younger loses what was confirmed. That is RabbitMQ's own weakness on a single node, and not what our tests are about.
 */
public interface RabbitMqServer extends TestServer {
    /** The management plugin's address, {@code http://127.0.0.1:PORT}; user and password are {@code guest}. */
    String managementUri();

    /**
     * The listener that speaks TLS, {@code amqps://guest:guest@127.0.0.1:PORT}.
     *
     * @throws IllegalStateException if {@link ServerOptions#withTls} did not ask for it
     */
    String tlsUri();

    /**
     * Runs {@code rabbitmqctl} against this server.
     *
     * @return what it printed
     * @throws ServerException if it ends with another exit code than 0; the message holds what it printed
     */
    String rabbitmqctl(String... arguments);
}
