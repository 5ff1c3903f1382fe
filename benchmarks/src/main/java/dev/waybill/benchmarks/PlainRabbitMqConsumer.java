package dev.waybill.benchmarks;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import java.io.IOException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Consumes one queue on one channel, and does with each message what a step says. */
final class PlainRabbitMqConsumer extends DefaultConsumer implements Contender.Consuming {
    /** So that what is given back comes again when no more comes that would fill a batch. */
    private static final int LINGER_MILLIS = 1;

    private final Step step;
    private final Workers workers;
    private final String tag;
    private final PlainRabbitMqSettlements settlements;
    private final ScheduledExecutorService linger = Executors.newSingleThreadScheduledExecutor();

    /** What is done with a message. */
    interface Step extends AutoCloseable {
        /** Sees to it that the message is settled, now or later; called by several threads. */
        void take(
                Envelope envelope, AMQP.BasicProperties properties, byte[] body, PlainRabbitMqSettlements settlements);

        /** Whether settlements do not wait until a batch of them is full. */
        default boolean hurried() {
            return false;
        }

        /** Ends it; nothing comes any more. */
        @Override
        default void close() {}
    }

    /** @param prefetch beyond what is being handled */
    PlainRabbitMqConsumer(Channel channel, String queue, int concurrency, int prefetch, Step step) throws IOException {
        super(channel);
        this.step = step;
        workers = new Workers(concurrency);
        settlements = new PlainRabbitMqSettlements(channel);
        channel.basicQos(concurrency + prefetch);
        tag = channel.basicConsume(queue, false, this);
        if (step.hurried()) {
            Future<?> unused =
                    linger.scheduleAtFixedRate(settlements::flush, LINGER_MILLIS, LINGER_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Hands it to the handler. */
    static Step handling(Contender.Handler handler) {
        return (envelope, properties, body, settlements) -> {
            handler.handle(properties.getMessageId(), PlainRabbitMq.sentAt(properties), body);
            settlements.accept(envelope.getDeliveryTag());
        };
    }

    /** Gives it back the first time. */
    static Step failingOnce(Contender.Handler handler) {
        Step second = handling(handler);
        return new Step() {
            @Override
            public void take(
                    Envelope envelope,
                    AMQP.BasicProperties properties,
                    byte[] body,
                    PlainRabbitMqSettlements settlements) {
                if (envelope.isRedeliver()) {
                    second.take(envelope, properties, body, settlements);
                } else {
                    settlements.giveBack(envelope.getDeliveryTag());
                }
            }

            @Override
            public boolean hurried() {
                return true;
            }
        };
    }

    @Override
    public void handleDelivery(String consumer, Envelope envelope, AMQP.BasicProperties properties, byte[] body)
            throws IOException {
        try {
            workers.execute(() -> step.take(envelope, properties, body, settlements));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        Attempt.at("close the consumer", () -> {
            getChannel().basicCancel(tag);
            workers.close();
            linger.shutdown();
            settlements.flush();
            step.close();
            getChannel().close();
        });
    }
}
