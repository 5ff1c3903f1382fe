package dev.waybill.benchmarks;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmListener;
import com.rabbitmq.client.Envelope;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Publishes each message to another queue, and acknowledges it once that is confirmed; what is unconfirmed the prefetch bounds. */
final class PlainRabbitMqMover implements PlainRabbitMqConsumer.Step, ConfirmListener {
    private final Channel channel;
    private final String to;
    private final UnaryOperator<Map<String, Object>> headers;
    private final Span moved;
    /** By the number of the publish. */
    private final AtomicLongArray tags = new AtomicLongArray(Confirms.MOST);
    /** Touched only by the connection's thread. */
    private final Confirms confirms = new Confirms();

    private volatile @Nullable PlainRabbitMqSettlements settlements;

    PlainRabbitMqMover(Channel channel, String to, UnaryOperator<Map<String, Object>> headers, Span moved)
            throws IOException {
        this.channel = channel;
        this.to = to;
        this.headers = headers;
        this.moved = moved;
        channel.confirmSelect();
        channel.addConfirmListener(this);
        channel.addReturnListener(
                message -> moved.fail(new BenchmarkException("returned: " + message.getReplyText(), null)));
    }

    @Override
    public void take(
            Envelope envelope, AMQP.BasicProperties properties, byte[] body, PlainRabbitMqSettlements settlements) {
        this.settlements = settlements;
        AMQP.BasicProperties copy = properties
                .builder()
                .headers(headers.apply(new HashMap<>(properties.getHeaders())))
                .build();
        try {
            publish(envelope.getDeliveryTag(), copy, body);
        } catch (IOException failed) {
            moved.fail(failed);
        }
    }

    private synchronized void publish(long tag, AMQP.BasicProperties properties, byte[] body) throws IOException {
        tags.set((int) (channel.getNextPublishSeqNo() % Confirms.MOST), tag);
        channel.basicPublish("", to, true, properties, body);
    }

    @Override
    public void handleAck(long number, boolean multiple) {
        confirms.take(number, multiple, this::confirmed);
    }

    @SuppressWarnings("NullAway") // what is confirmed was taken first
    private void confirmed(long number) {
        settlements.accept(tags.get((int) (number % Confirms.MOST)));
        moved.done();
    }

    @Override
    public void handleNack(long number, boolean multiple) {
        moved.fail(new BenchmarkException("refused: " + number, null));
    }

    @Override
    public void close() {
        Attempt.at("close the channel", channel::close);
    }
}
