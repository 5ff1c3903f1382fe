package dev.waybill.examples.orders;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waybill.Message;
import dev.waybill.examples.demo.DemoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Events of orders, a JSON object a line: the {@code order}, the {@code event} and what it says, and an {@code id}, if one is to come
 * twice. Empty lines, and those that begin with #, are left out.
 */
final class EventFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private EventFile() {}

    /** @throws DemoException if it cannot be read, with the line */
    static List<Message<OrderEvent>> read(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new DemoException("--input is '" + file + "', which cannot be read: " + e);
        }
        List<Message<OrderEvent>> events = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                events.add(event(file + ", line " + (i + 1), line, "event-" + (i + 1)));
            }
        }
        if (events.isEmpty()) {
            throw new DemoException("--input is '" + file + "', which has no events");
        }
        return events;
    }

    private static Message<OrderEvent> event(String where, String line, String number) {
        try {
            ObjectNode json = JSON.readValue(line, ObjectNode.class);
            String order = json.path("order").asText();
            String id = json.path("id").asText(number);
            json.remove(List.of("order", "id"));
            return Message.with(JSON.treeToValue(json, OrderEvent.class))
                    .key(order)
                    .id(id)
                    .build();
        } catch (IOException | IllegalArgumentException e) {
            String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new DemoException(where + " is no event of an order: " + first);
        }
    }
}
