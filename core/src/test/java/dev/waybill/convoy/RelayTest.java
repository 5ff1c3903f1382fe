package dev.waybill.convoy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RelayTest {

    private static StoredConvoy convoy(String key, long version) {
        return new StoredConvoy(
                "orders", key, "NEW", ConvoyStatus.RUNNING, version, 1, new byte[0], 1, 1, 0, false, 0, 0, 0, null, null);
    }

    private static void store(ConvoyStore store, Outgoing letter) {
        try (ConvoyStore.Transaction transaction = store.begin()) {
            transaction.save(new ConvoyStore.Change(
                    convoy(letter.key(), 0),
                    convoy(letter.key(), 1),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(letter)));
            transaction.commit();
        }
    }

    @Test
    void whereNothingCanBeSentItsTurnEnds() {
        InMemoryConvoyStore store = new InMemoryConvoyStore();
        for (int i = 0; i < 1000; i++) {
            String key = "o" + i;
            store(store, new Outgoing(0, key, "gone", Map.of("id", key), new byte[0]));
        }
        assertThat(new Relay(store, "orders", Map.of()).send()).isPositive();
    }

    @Test
    void whatThereWasNoRoomForComesNext() {
        InMemoryConvoyStore store = new InMemoryConvoyStore();
        for (int i = 0; i < 3; i++) {
            store(store, new Outgoing(0, "o" + i, "mails", Map.of("id", "x"), new byte[5 << 20]));
        }
        Queue<byte[]> mails = Queue.named("mails", Codec.bytes()).build();
        try (Waybill waybill = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:")))) {
            Relay relay = new Relay(
                    store, "orders", Map.of("mails", new Relay.Target<>(mails, waybill.producer(mails))));
            for (int sent = 1; sent <= 3; sent++) {
                assertThat(relay.send()).isZero();
                assertThat(waybill.depth(mails)).isEqualTo(sent);
            }
            assertThat(relay.send()).isPositive();
        }
    }
}
