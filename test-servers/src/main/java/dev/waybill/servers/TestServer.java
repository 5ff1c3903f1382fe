package dev.waybill.servers;

/**
 * A real server, running until it is closed or this JVM ends, however it ends. Safe for use by several threads; the methods
 * that change its state block until that is done.
 */
public interface TestServer extends AutoCloseable {
    /**
     * Its kind, as Waybill names it: {@code rabbitmq}, {@code kafka}, {@code sqs}, {@code s3}, {@code azure} or
     * {@code redis}.
     */
    String broker();

    /** Where it is reached; the same for the whole life of this server, restarts included. */
    String uri();

    /** Name and version as the server itself tells, such as {@code RabbitMQ 4.3.6}. */
    String product();

    /**
     * Whether queues and messages survive {@link #restart()} and {@link #kill()}: they do, but for Azurite, and for the doubles of SQS
     * that run in containers.
     */
    boolean keepsData();

    /**
     * Starts it again after {@link #kill()}, with its data and at its address; returns when it serves.
     *
     * @throws IllegalStateException if it is running or closed
     * @throws ServerException if it does not start; the message holds the end of its log
     */
    void start();

    /** Stops it in an orderly way and starts it again, with its data and at its address. */
    void restart();

    /** Ends it as a power failure would (SIGKILL); data and address are kept for {@link #start()}. */
    void kill();

    /** Ends it and deletes its data. */
    @Override
    void close();
}
