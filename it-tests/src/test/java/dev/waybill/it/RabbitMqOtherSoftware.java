package dev.waybill.it;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import dev.waybill.Waybill;
import dev.waybill.tck.OtherSoftware;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A plain AMQP client. */
final class RabbitMqOtherSoftware implements OtherSoftware {
    @Override
    public void send(Waybill waybill, String queue, Map<String, String> headers, byte[] body) {
        Map<String, Object> typed = new HashMap<>();
        headers.forEach((name, value) -> typed.put(name, typed(value)));
        ask(waybill, channel -> {
            channel.confirmSelect();
            channel.basicPublish(
                    "",
                    queue,
                    true,
                    new AMQP.BasicProperties.Builder().headers(typed).build(),
                    body);
            channel.waitForConfirmsOrDie(10_000);
        });
    }

    private static Object typed(String value) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException text) {
            return value;
        }
    }

    @Override
    public List<Map<String, String>> forgeries() {
        return List.of(
                Map.of("waybill-sent-at", "soon"),
                Map.of("waybill-sent-at", ""),
                Map.of("waybill-sent-at", "-1"),
                Map.of("waybill-sent-at", "99999999999999999999"));
    }

    static void ask(Waybill waybill, Question question) {
        try (Channel channel =
                waybill.unwrap(Connection.class).orElseThrow().openChannel().orElseThrow()) {
            question.ask(channel);
        } catch (Exception failed) {
            throw new AssertionError("the server did not answer", failed);
        }
    }

    interface Question {
        void ask(Channel channel) throws Exception;
    }
}
