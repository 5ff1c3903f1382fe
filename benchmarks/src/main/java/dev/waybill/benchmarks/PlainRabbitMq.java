package dev.waybill.benchmarks;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmListener;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * RabbitMQ's Java client, tuned: one channel for each queue, asynchronous confirms, mandatory and persistent messages, a prefetch,
 * multiple acknowledgements. A connection to send and one to receive, as blocked senders demand.
 */
final class PlainRabbitMq implements PlainContender {
    private static final String SENT_AT = "waybill-sent-at";
    private static final Integer PERSISTENT = 2;

    private final Connection sending;
    private final Connection receiving;

    PlainRabbitMq(String uri) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(uri);
        sending = factory.newConnection("plain-send");
        receiving = factory.newConnection("plain-receive");
    }

    @Override
    public Outlet outlet(String queue) {
        try {
            return new Publisher(sending.createChannel(), queue);
        } catch (IOException failed) {
            throw new BenchmarkException("no channel to send", failed);
        }
    }

    @Override
    public Consuming consume(String queue, int concurrency, Handler handler) {
        return consumer(queue, concurrency, Load.PREFETCH, PlainRabbitMqConsumer.handling(handler));
    }

    @Override
    public Consuming retry(String queue, int concurrency, Handler handler) {
        return consumer(queue, concurrency, Load.PREFETCH, PlainRabbitMqConsumer.failingOnce(handler));
    }

    @Override
    public Consuming deadLetters(String queue, int concurrency, Span moved) {
        UnaryOperator<Map<String, Object>> dead = headers -> {
            headers.putAll(DeathHeaders.of(queue));
            return headers;
        };
        return consumer(queue, concurrency, Load.PREFETCH, mover(deadLetterQueue(queue), dead, moved));
    }

    @Override
    public Consuming redrive(String queue, Span moved) {
        UnaryOperator<Map<String, Object>> alive = headers -> {
            headers.keySet().removeIf(DeathHeaders::says);
            return headers;
        };
        return consumer(deadLetterQueue(queue), 1, Load.REDRIVE_PREFETCH, mover(queue, alive, moved));
    }

    private PlainRabbitMqMover mover(String to, UnaryOperator<Map<String, Object>> headers, Span moved) {
        try {
            return new PlainRabbitMqMover(sending.createChannel(), to, headers, moved);
        } catch (IOException failed) {
            throw new BenchmarkException("no channel to send", failed);
        }
    }

    private Consuming consumer(String queue, int concurrency, int prefetch, PlainRabbitMqConsumer.Step step) {
        try {
            return new PlainRabbitMqConsumer(receiving.createChannel(), queue, concurrency, prefetch, step);
        } catch (IOException failed) {
            throw new BenchmarkException("no channel to consume", failed);
        }
    }

    @Override
    public String deadLetterQueue(String queue) {
        return queue + ".dlq";
    }

    @Override
    public long left(String queue) throws Exception {
        try (Channel channel = sending.createChannel()) {
            return channel.messageCount(queue);
        }
    }

    @Override
    public String lane(String queue, int level) {
        return queue + ":p" + level;
    }

    @Override
    public void delete(List<String> queues) throws Exception {
        try (Channel channel = sending.createChannel()) {
            for (String queue : queues) {
                channel.queueDelete(queue);
            }
            channel.queueDelete(deadLetterQueue(queues.get(0)));
        }
    }

    @Override
    public void close() {
        Attempt.at("close the connections", () -> {
            sending.close();
            receiving.close();
        });
    }

    static long sentAt(AMQP.BasicProperties properties) {
        return properties.getHeaders().get(SENT_AT) instanceof Long millis ? millis : 0;
    }

    private static final class Publisher implements Outlet, ConfirmListener {
        private final Channel channel;
        private final String queue;
        private final InFlight inFlight = new InFlight(Load.IN_FLIGHT);
        /** Touched only by the connection's thread. */
        private final Confirms confirms = new Confirms();

        Publisher(Channel channel, String queue) throws IOException {
            this.channel = channel;
            this.queue = queue;
            channel.confirmSelect();
            channel.addConfirmListener(this);
            channel.addReturnListener(
                    message -> inFlight.failed(new BenchmarkException("returned: " + message.getReplyText(), null)));
            channel.addShutdownListener(inFlight::failed);
        }

        @Override
        public void send(byte[] body) throws Exception {
            inFlight.enter();
            AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                    .messageId(Ids.next())
                    .contentType(Body.CONTENT_TYPE)
                    .deliveryMode(PERSISTENT)
                    .headers(Map.of(SENT_AT, System.currentTimeMillis()))
                    .build();
            channel.basicPublish("", queue, true, properties, body);
        }

        @Override
        public void handleAck(long number, boolean multiple) {
            inFlight.confirmed(confirms.take(number, multiple));
        }

        @Override
        public void handleNack(long number, boolean multiple) {
            inFlight.failed(new BenchmarkException("refused: " + number, null));
        }

        @Override
        public void awaitConfirmed() {
            inFlight.awaitNone();
        }

        @Override
        public void close() {
            Attempt.at("close the channel", channel::close);
        }
    }
}
