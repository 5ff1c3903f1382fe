package dev.waybill.convoy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.FilePayloadStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvoyBoundsTest {
    private final InMemoryConvoyStore store = new InMemoryConvoyStore();
    private final Waybill waybill =
            Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:convoys")));
    private final Queue<String> events = Queue.named("events", Codec.text())
            .orderedByKey()
            .maxDeliveries(2)
            .retry(RetryPolicy.immediate())
            .build();

    @AfterEach
    void close() {
        waybill.close();
    }

    private enum State {
        NEW,
        DONE
    }

    private StateMachine<State, String, String> sending(Queue<String> queue, String text) {
        return StateMachine.named("machine", State.class, String.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, String.class)
                .to(State.DONE, (step, event) -> step.send(queue, Message.of(text)))
                .terminal(State.DONE)
                .build();
    }

    private Convoys run(StateMachine<State, String, String> machine, Queue<String> queue) {
        return Convoys.of(waybill, events, machine)
                .store(store)
                .sendsTo(queue)
                .pollEvery(Duration.ofMinutes(1))
                .start();
    }

    private StoredConvoy begun(String key) {
        return await().until(() -> store.show("machine", key), Optional::isPresent)
                .orElseThrow()
                .convoy();
    }

    @Test
    void whatIsTooLargeToBeSentIsTheFailureOfItsStep(@TempDir Path directory) {
        String large = "x".repeat((int) waybill.maxMessageBytes() - 2047);
        Queue<String> plain = Queue.ofText("plain");
        Queue<String> checked = Queue.named("checked", Codec.text())
                .claimCheck(10_000, new FilePayloadStore("payloads", directory))
                .build();
        Convoys refusing = run(sending(plain, large), plain);
        waybill.producer(events).sendAndWait(Message.with("event").key("a").build());
        assertThat(begun("a"))
                .returns(ConvoyStatus.STUCK, StoredConvoy::status)
                .extracting(StoredConvoy::failure)
                .asString()
                .contains("TOO_LARGE", "the broker takes 16777216", "claim check");
        refusing.close();
        Convoys sending = run(sending(checked, large), checked);
        waybill.producer(events).sendAndWait(Message.with("event").key("b").build());
        assertThat(begun("b").status()).isEqualTo(ConvoyStatus.DONE);
        sending.close();
    }
}
