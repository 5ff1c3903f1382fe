package dev.waybill.examples.demo;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.Delivery;
import dev.waybill.Outcome;
import dev.waybill.Waybill;
import java.util.List;
import java.util.Map;

/** Reads the results and the dead letters into the ledger. */
final class Collector {
    private static final int BATCH = 64;

    private final Ledger ledger;

    Collector(Ledger ledger) {
        this.ledger = ledger;
    }

    /** Starts to read the results; it ends with the Waybill. */
    void readResults(Waybill waybill, DemoQueues queues) {
        waybill.consumer(queues.results()).startBatch(BATCH, this::results);
    }

    /** Starts to take what is among the dead letters; it ends with the Waybill. */
    void takeDeadLetters(Waybill waybill, DemoQueues queues) {
        waybill.deadLetterConsumer(queues.files()).start(this::dead);
    }

    private List<Outcome> results(List<Delivery<WorkResult>> batch) {
        return batch.stream()
                .map(delivery -> {
                    ledger.processed(delivery.payload());
                    return Outcome.accept();
                })
                .toList();
    }

    private void dead(Delivery<byte[]> letter) {
        Map<String, String> headers = letter.headers();
        String deliveries = headers.getOrDefault(DeadLetterHeaders.DELIVERIES, "all");
        ledger.dead(
                letter.id(),
                new DeadFile(
                        headers.getOrDefault(FolderSender.FILE, "(unknown)"),
                        deliveries,
                        headers.getOrDefault(DeadLetterHeaders.REASON, "moved by the broker: its deliveries ran out")),
                !deliveries.equals("1"),
                letter.redelivered());
    }
}
