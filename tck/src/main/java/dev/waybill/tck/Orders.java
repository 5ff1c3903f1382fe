package dev.waybill.tck;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.Step;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.convoy.Untimely;
import java.nio.charset.StandardCharsets;

/** Orders that are placed, paid and shipped: the state machine with which convoys are tested. It remembers what came. */
final class Orders {
    private Orders() {}

    enum State {
        NEW,
        PLACED,
        PAID,
        SHIPPED,
        CANCELLED
    }

    /** What comes is text: a word, and perhaps more. */
    sealed interface Event {
        record Placed(String text) implements Event {}

        record Paid(String text) implements Event {}

        record Shipped(String text) implements Event {}

        record Shouted(String text) implements Event {}
    }

    static final Codec<Event> EVENTS = new Codec<>() {
        @Override
        public byte[] encode(Event event) {
            return switch (event.getClass().getSimpleName()) {
                case "Placed" -> bytes("placed " + ((Event.Placed) event).text);
                case "Paid" -> bytes("paid " + ((Event.Paid) event).text);
                case "Shipped" -> bytes("shipped " + ((Event.Shipped) event).text);
                default -> bytes("shouted " + ((Event.Shouted) event).text);
            };
        }

        @Override
        public Event decode(byte[] body) {
            String[] words = new String(body, StandardCharsets.UTF_8).split(" ", 2);
            return switch (words[0]) {
                case "placed" -> new Event.Placed(words[1]);
                case "paid" -> new Event.Paid(words[1]);
                case "shipped" -> new Event.Shipped(words[1]);
                default -> new Event.Shouted(words[1]);
            };
        }

        @Override
        public String contentType() {
            return "text/plain";
        }
    };

    static Event placed(String text) {
        return new Event.Placed(text);
    }

    static Event paid(String text) {
        return new Event.Paid(text);
    }

    static Event shipped(String text) {
        return new Event.Shipped(text);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void append(Step<String> step, String text) {
        step.data(step.data() + text + ";");
    }

    static StateMachine.Builder<State, Event, String> machine(String name, Queue<String> mails) {
        return StateMachine.named(name, State.class, Event.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, Event.Placed.class)
                .to(State.PLACED, (step, placed) -> append(step, "placed " + placed.text))
                .on(State.PLACED, Event.Paid.class)
                .to(State.PAID, (step, paid) -> append(step, "paid " + paid.text))
                .on(State.PAID, Event.Shipped.class)
                .to(State.SHIPPED, (step, shipped) -> {
                    append(step, "shipped " + shipped.text);
                    step.send(mails, Message.of(step.key() + " is on its way"));
                })
                .on(State.PLACED, Event.Shouted.class)
                .untimely(Untimely.IGNORE)
                .terminal(State.SHIPPED, State.CANCELLED);
    }

    static String data(StoredConvoy convoy) {
        return new String(convoy.data(), StandardCharsets.UTF_8);
    }
}
