package dev.waybill.benchmarks;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import java.io.IOException;

/** Consumes one queue on one channel, and acknowledges the contiguous part of what is handled by one multiple acknowledgement. */
final class PlainRabbitMqConsumer extends DefaultConsumer implements Contender.Consuming {
    /** Half of the prefetch, so that the server has the next half under way. */
    private static final int BATCH = Load.PREFETCH / 2;

    private final Contender.Handler handler;
    private final Workers workers;
    private final String tag;
    private final Confirms handled = new Confirms();
    private long acknowledged;

    PlainRabbitMqConsumer(Channel channel, String queue, int concurrency, Contender.Handler handler)
            throws IOException {
        super(channel);
        this.handler = handler;
        workers = new Workers(concurrency);
        channel.basicQos(concurrency + Load.PREFETCH);
        tag = channel.basicConsume(queue, false, this);
    }

    @Override
    public void handleDelivery(String consumer, Envelope envelope, AMQP.BasicProperties properties, byte[] body)
            throws IOException {
        try {
            workers.execute(() -> handle(envelope.getDeliveryTag(), properties, body));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(long number, AMQP.BasicProperties properties, byte[] body) {
        handler.handle(properties.getMessageId(), PlainRabbitMq.sentAt(properties), body);
        try {
            done(number);
        } catch (IOException failed) {
            throw new BenchmarkException("not acknowledged", failed);
        }
    }

    private synchronized void done(long number) throws IOException {
        handled.take(number, false);
        if (handled.contiguous() - acknowledged >= BATCH) {
            acknowledge();
        }
    }

    private synchronized void acknowledge() throws IOException {
        long upTo = handled.contiguous();
        if (upTo > acknowledged) {
            getChannel().basicAck(upTo, true);
            acknowledged = upTo;
        }
    }

    @Override
    public void close() {
        Attempt.at("close the consumer", () -> {
            getChannel().basicCancel(tag);
            workers.close();
            acknowledge();
            getChannel().close();
        });
    }
}
