package dev.waybill.redis;

import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StoredConvoy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Convoys as the tests want them. */
final class TestConvoys {
    static final String MACHINE = "orders";

    private TestConvoys() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static StoredConvoy convoy(String key, long version, long dueAt) {
        return new StoredConvoy(
                MACHINE,
                key,
                "PLACED",
                ConvoyStatus.RUNNING,
                version,
                1,
                bytes("data " + version),
                1,
                1,
                dueAt,
                false,
                0,
                0,
                0,
                null,
                null);
    }

    /** To that version, in a step that has a history. */
    static Change change(String key, long version, long dueAt, Outgoing... send) {
        HistoryEntry entry = new HistoryEntry(version, 1, "m" + version, "Paid", "NEW", "PLACED");
        return new Change(
                convoy(key, version - 1, 0),
                convoy(key, version, dueAt),
                List.of(entry),
                List.of(),
                List.of(),
                List.of(send));
    }

    static Outgoing letter(String key, String body) {
        return new Outgoing(0, key, "mails", Map.of("id", body), bytes(body), 0);
    }

    static void save(ConvoyStore store, Change... changes) {
        try (Transaction transaction = store.begin()) {
            List.of(changes).forEach(transaction::save);
            transaction.commit();
        }
    }

    static List<String> keys(List<StoredConvoy> convoys) {
        return convoys.stream().map(StoredConvoy::key).toList();
    }

    static List<String> bodies(List<Outgoing> letters) {
        return letters.stream()
                .map(letter -> new String(letter.body(), StandardCharsets.UTF_8))
                .toList();
    }

    /** What one gets who comes now and goes again. */
    static List<String> due(ConvoyStore store) {
        try (Transaction transaction = store.begin()) {
            return keys(transaction.due(MACHINE, 100));
        }
    }

    static List<String> outgoing(ConvoyStore store) {
        try (Transaction transaction = store.begin()) {
            return bodies(transaction.outgoing(MACHINE, 100));
        }
    }

    static long version(ConvoyStore store, String key) {
        try (Transaction transaction = store.begin()) {
            StoredConvoy convoy = transaction.load(MACHINE, key, "").convoy();
            return convoy == null ? 0 : convoy.version();
        }
    }
}
