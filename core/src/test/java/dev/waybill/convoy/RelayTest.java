package dev.waybill.convoy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RelayTest {

    private static StoredConvoy convoy(String key, long version) {
        return new StoredConvoy(
                "orders", key, "NEW", ConvoyStatus.RUNNING, version, 1, new byte[0], 1, 1, 0, 0, 0, 0, null, null);
    }

    @Test
    void whereNothingCanBeSentItsTurnEnds() {
        InMemoryConvoyStore store = new InMemoryConvoyStore();
        for (int i = 0; i < 1000; i++) {
            String key = "o" + i;
            Outgoing letter = new Outgoing(0, key, "gone", Map.of("id", key), new byte[0]);
            try (ConvoyStore.Transaction transaction = store.begin()) {
                transaction.save(new ConvoyStore.Change(
                        convoy(key, 0), convoy(key, 1), List.of(), List.of(), List.of(), List.of(letter)));
                transaction.commit();
            }
        }
        assertThat(new Relay(store, "orders", Map.of()).send()).isPositive();
    }
}
