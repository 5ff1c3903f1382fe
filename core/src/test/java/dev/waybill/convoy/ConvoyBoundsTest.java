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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvoyBoundsTest {
    /** What the broker in memory takes. */
    private static final int MOST_BYTES = 16 << 20;

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

    private StateMachine<State, String, String> sending(Queue<String> queue, Message<String> message) {
        return StateMachine.named("machine", State.class, String.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, String.class)
                .to(State.DONE, (step, event) -> step.send(queue, message))
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
        String large = "x".repeat(MOST_BYTES - 2047);
        Queue<String> plain = Queue.ofText("plain");
        Queue<String> checked = Queue.named("checked", Codec.text())
                .claimCheck(10_000, new FilePayloadStore("payloads", directory))
                .build();
        Convoys refusing = run(sending(plain, Message.of(large)), plain);
        waybill.producer(events).sendAndWait(Message.with("event").key("a").build());
        assertThat(begun("a"))
                .returns(ConvoyStatus.STUCK, StoredConvoy::status)
                .extracting(StoredConvoy::failure)
                .asString()
                .contains("TOO_LARGE", "the broker takes 16777216", "claim check");
        refusing.close();
        Convoys sending = run(sending(checked, Message.of(large)), checked);
        waybill.producer(events).sendAndWait(Message.with("event").key("b").build());
        assertThat(begun("b").status()).isEqualTo(ConvoyStatus.DONE);
        sending.close();
        Convoys laden =
                run(sending(checked, Message.with(large).header("large", large).build()), checked);
        waybill.producer(events).sendAndWait(Message.with("event").key("c").build());
        assertThat(begun("c").failure()).contains("TOO_LARGE");
        laden.close();
    }

    private Outgoing letter(int number) {
        String id = "letter-" + number;
        return new Outgoing(0, "a", "mails", Map.of("id", id, "key", "a"), id.getBytes(StandardCharsets.UTF_8), 0);
    }

    private void store(List<Outgoing> letters) {
        try (ConvoyStore.Transaction transaction = store.begin()) {
            StoredConvoy found = transaction.load("machine", "a", "").convoy();
            long version = found == null ? 0 : found.version();
            transaction.save(new ConvoyStore.Change(
                    stored(version), stored(version + 1), List.of(), List.of(), List.of(), letters));
            transaction.commit();
        }
    }

    private static StoredConvoy stored(long version) {
        return StoredConvoys.running("machine", "a", version);
    }

    @Test
    void toCloseDoesNotWaitUntilNobodySendsAnyMore() {
        int batch = 500;
        AtomicInteger more = new AtomicInteger(10 * batch);
        Queue<String> mails = Queue.named("mails", new Codec<String>() {
                    @Override
                    public byte[] encode(String value) {
                        return value.getBytes(StandardCharsets.UTF_8);
                    }

                    @Override
                    public String decode(byte[] body) {
                        // While one is sent another comes.
                        if (more.getAndDecrement() > 0) {
                            store(List.of(letter(more.get())));
                        }
                        return new String(body, StandardCharsets.UTF_8);
                    }

                    @Override
                    public String contentType() {
                        return "text/plain";
                    }
                })
                .build();
        Convoys convoys = run(sending(mails, Message.of("mail")), mails);
        List<Outgoing> first = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
            first.add(letter(-i));
        }
        store(first);
        convoys.close();
        assertThat(more).as("of a batch that was sent").hasValue(9 * batch);
    }
}
