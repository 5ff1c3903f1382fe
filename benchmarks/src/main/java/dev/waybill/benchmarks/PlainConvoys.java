package dev.waybill.benchmarks;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Order per key as the broker's own client gives it: partitions, each with one handler. As many as Waybill makes. */
interface PlainConvoys {
    void run(ConvoyTrial trial) throws Exception;

    /** Null where it is not written. */
    static @Nullable PlainConvoys of(String broker, String uri) {
        return switch (broker) {
            case "rabbitmq" -> trial -> runOnRabbitMq(uri, trial);
            case "kafka" -> new PlainKafkaConvoys(uri);
            default -> null;
        };
    }

    private static void runOnRabbitMq(String uri, ConvoyTrial trial) throws Exception {
        int partitions = 16;
        String name = "bench-" + UUID.randomUUID();
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(uri);
        ExecutorService handlers = Executors.newFixedThreadPool(partitions);
        try (Connection connection = factory.newConnection(handlers)) {
            Channel sending = connection.createChannel();
            for (int i = 0; i < partitions; i++) {
                sending.queueDeclare(
                        name + "." + i,
                        true,
                        false,
                        false,
                        Map.of("x-queue-type", "quorum", "x-single-active-consumer", true));
            }
            sending.confirmSelect();
            for (int i = 0; i < trial.messages(); i++) {
                int partition = Math.floorMod(trial.key(i).hashCode(), partitions);
                sending.basicPublish(
                        "", name + "." + partition, MessageProperties.PERSISTENT_BASIC, ConvoyTrial.body(i));
            }
            sending.waitForConfirmsOrDie();
            for (int i = 0; i < partitions; i++) {
                Channel channel = connection.createChannel();
                channel.basicQos(Load.CONVOY_PREFETCH);
                channel.basicConsume(name + "." + i, false, new DefaultConsumer(channel) {
                    @Override
                    public void handleDelivery(
                            String tag, Envelope envelope, AMQP.BasicProperties properties, byte[] body)
                            throws IOException {
                        try {
                            trial.handle(body);
                        } catch (InterruptedException stop) {
                            Thread.currentThread().interrupt();
                            return;
                        }
                        channel.basicAck(envelope.getDeliveryTag(), false);
                    }
                });
            }
            trial.awaitAll();
            for (int i = 0; i < partitions; i++) {
                sending.queueDelete(name + "." + i);
            }
        } finally {
            handlers.shutdown();
        }
    }
}
