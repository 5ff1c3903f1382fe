package dev.waybill.convoy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.SettableTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RelayTest {
    private static final Clock STANDING = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

    private static void store(ConvoyStore store, Outgoing letter) {
        try (ConvoyStore.Transaction transaction = store.begin()) {
            transaction.save(new ConvoyStore.Change(
                    StoredConvoys.running("orders", letter.key(), 0),
                    StoredConvoys.running("orders", letter.key(), 1),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(letter)));
            transaction.commit();
        }
    }

    @Test
    void whereNothingCanBeSentItsTurnEnds() {
        InMemoryConvoyStore store = new InMemoryConvoyStore(STANDING);
        for (int i = 0; i < 1000; i++) {
            String key = "o" + i;
            store(store, new Outgoing(0, key, "gone", Map.of("id", key), new byte[0], 0));
        }
        Relay relay = new Relay(store, "orders", Map.of());
        assertThat(relay.send()).isZero();
        assertThat(relay.send()).isZero();
        assertThat(relay.send()).isPositive();
    }

    @Test
    void largeOnesThatCannotBeSentLeaveRoomForOthers() {
        InMemoryConvoyStore store = new InMemoryConvoyStore(STANDING);
        for (String key : List.of("a", "b")) {
            store(store, new Outgoing(0, key, "gone", Map.of("id", key), new byte[9 << 20], 0));
        }
        store(store, new Outgoing(0, "c", "mails", Map.of("id", "c"), new byte[1], 0));
        Queue<byte[]> mails = Queue.named("mails", Codec.bytes()).build();
        try (Waybill waybill =
                Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:")))) {
            Relay relay =
                    new Relay(store, "orders", Map.of("mails", new Relay.Target<>(mails, waybill.producer(mails))));
            for (long more = 0; more == 0; ) {
                more = relay.send();
            }
            assertThat(waybill.depth(mails)).isEqualTo(1);
        }
    }

    @Test
    void aDelayCountsFromTheStepWhateverTheClockOfWhoSends() {
        AtomicLong millis = new AtomicLong(1_000_000);
        InstantSource ofStore = () -> Instant.ofEpochMilli(millis.get());
        InMemoryConvoyStore store = new InMemoryConvoyStore(ofStore.withZone(ZoneOffset.UTC));
        Queue<String> mails = Queue.ofText("mails");
        Message<String> minute = Message.with("x").delay(Duration.ofMinutes(1)).build();
        Message<String> date =
                Message.with("x").deliverAt(Instant.ofEpochMilli(1_060_000)).build();
        store(store, Letter.of("a", mails, minute, new byte[0], millis.get()));
        store(store, Letter.of("b", mails, date, new byte[0], millis.get()));
        millis.addAndGet(45_000);
        SettableTime time = new SettableTime();
        try (Waybill waybill =
                Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:"))
                        .time(time))) {
            new Relay(store, "orders", Map.of("mails", new Relay.Target<>(mails, waybill.producer(mails)))).send();
            time.advance(Duration.ofSeconds(13));
            assertThat(waybill.depth(mails)).isZero();
            time.advance(Duration.ofSeconds(2));
            assertThat(waybill.depth(mails)).isEqualTo(2);
        }
    }

    @Test
    void whatThereWasNoRoomForComesNext() {
        InMemoryConvoyStore store = new InMemoryConvoyStore();
        for (int i = 0; i < 3; i++) {
            store(store, new Outgoing(0, "o" + i, "mails", Map.of("id", "x"), new byte[5 << 20], 0));
        }
        Queue<byte[]> mails = Queue.named("mails", Codec.bytes()).build();
        try (Waybill waybill =
                Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:")))) {
            Relay relay =
                    new Relay(store, "orders", Map.of("mails", new Relay.Target<>(mails, waybill.producer(mails))));
            for (int sent = 1; sent <= 3; sent++) {
                assertThat(relay.send()).isZero();
                assertThat(waybill.depth(mails)).isEqualTo(sent);
            }
            assertThat(relay.send()).isPositive();
        }
    }
}
