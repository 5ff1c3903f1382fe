package dev.waybill.servers;

/** What only RabbitMQ has. */
public interface RabbitMqServer extends TestServer {
    /** The management plugin's address, {@code http://127.0.0.1:PORT}; user and password are {@code guest}. */
    String managementUri();

    /**
     * Runs {@code rabbitmqctl} against this server.
     *
     * @return what it printed
     * @throws ServerException if it ends with another exit code than 0; the message holds what it printed
     */
    String rabbitmqctl(String... arguments);
}
