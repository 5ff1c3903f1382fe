package dev.waybill.examples.demo;

import dev.waybill.Message;
import dev.waybill.Producer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** Sends every file of a folder, each in a message of its own, and a poison message if there is none among them. */
final class FolderSender {
    /** The header that says which file it is. */
    static final String FILE = "file";

    private final Ledger ledger;
    private final String run;
    private int number;

    /** @param run what the ids of this run's messages start with */
    FolderSender(Ledger ledger, String run) {
        this.ledger = ledger;
        this.run = run;
    }

    /** Sends, and closes the producer, which waits for what is in flight. */
    void send(InputFolder folder, int copies, Producer<byte[]> producer) throws IOException {
        try (producer) {
            for (Path file : folder.files()) {
                byte[] body = Files.readAllBytes(file);
                String name = file.getFileName().toString();
                String digest = Digest.of(body);
                for (int copy = 0; copy < copies; copy++) {
                    send(producer, name, body, digest);
                }
            }
            if (folder.wholesome()) {
                byte[] poison = InputFolder.poison();
                send(producer, InputFolder.POISON_NAME, poison, Digest.of(poison));
            }
        }
    }

    private void send(Producer<byte[]> producer, String file, byte[] body, String digest) {
        String id = run + "-" + ++number;
        ledger.expect(id, file, digest);
        // Waits here when too many are in flight, so a large folder is never in memory as a whole.
        CompletableFuture<Void> sent = producer.send(Message.with(body)
                .id(id)
                .header(FILE, file)
                .tier(Tiers.of(number))
                .build());
        CompletableFuture<Void> unused = sent.whenComplete((stored, failure) -> {
            if (failure == null) {
                ledger.stored(id);
            } else {
                ledger.notStored(id, String.valueOf(failure.getMessage()));
            }
        });
    }
}
