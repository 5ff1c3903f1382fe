package dev.waybill.tck;

import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.inmemory.InMemoryInspection;
import java.util.List;
import java.util.Map;

/** What comes from elsewhere into the in-memory broker, which has no form on the wire that could be forged. */
final class InMemoryOtherSoftware implements OtherSoftware {
    @Override
    public void send(Waybill waybill, String queue, Map<String, String> headers, byte[] body) {
        look(waybill).put(queue, headers, body);
    }

    @Override
    public List<Map<String, String>> forgeries() {
        return List.of();
    }

    static Runnable refuseDeadLetters(Waybill waybill, Queue<?> queue) {
        look(waybill).refuseDeadLetters(true);
        return () -> look(waybill).refuseDeadLetters(false);
    }

    private static InMemoryInspection look(Waybill waybill) {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }
}
