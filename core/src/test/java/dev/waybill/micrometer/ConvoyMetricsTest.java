package dev.waybill.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyListener;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.InMemoryConvoyStore;
import dev.waybill.convoy.StateMachine;
import io.micrometer.core.instrument.Meter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Meters of convoys as Prometheus gets them. */
class ConvoyMetricsTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final MicrometerConvoyListener listener = new MicrometerConvoyListener(registry);
    private final Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")));
    private final InMemoryConvoyStore store = new InMemoryConvoyStore();
    private final Queue<String> queue = Queue.named("orders", Codec.text())
            .orderedByKey()
            .maxDeliveries(2)
            .retry(RetryPolicy.immediate())
            .build();

    private enum State {
        NEW,
        PLACED,
        LATE
    }

    private enum TwoStates {
        BEGUN,
        ENDED
    }

    /** As an earlier version was. */
    static final StateMachine<?, String, ?> ONE_STEP = StateMachine.named(
                    "orders", TwoStates.class, String.class, Codec.text())
            .start(TwoStates.BEGUN, key -> "")
            .on(TwoStates.BEGUN, String.class)
            .to(TwoStates.ENDED)
            .terminal(TwoStates.ENDED)
            .build();

    @AfterEach
    void close() {
        waybill.close();
    }

    private Convoys start() {
        StateMachine<State, String, String> machine = StateMachine.named(
                        "orders", State.class, String.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, String.class)
                .to(State.PLACED, (step, text) -> {
                    if (text.equals("poison")) {
                        throw new IllegalStateException("no");
                    }
                    step.send(queue, Message.with("sent on").key("receipts").build());
                })
                .after(State.PLACED, Duration.ofMillis(10))
                .to(State.LATE)
                .terminal(State.LATE)
                .build();
        return Convoys.of(waybill, queue, machine)
                .store(store)
                .listener(new ConvoyListener() {})
                .listener(listener)
                .pollEvery(Duration.ofMillis(20))
                .start();
    }

    /** Waits for a line of what Prometheus would read. */
    private void awaits(String line) {
        await().untilAsserted(() -> assertThat(registry.scrape().lines()).contains(line));
    }

    private void send(String key, String... texts) {
        for (String text : texts) {
            waybill.producer(queue).sendAndWait(Message.with(text).key(key).build());
        }
    }

    @Test
    void whatConvoysDoIsCounted() {
        Convoys convoys = start();
        send("o1", "good");
        send("o2", "poison", "another");
        String transition =
                "waybill_convoys_transitions_total{event=\"%s\",from=\"%s\",machine=\"orders\",to=\"%s\"} %s";
        awaits(transition.formatted("String", "NEW", "PLACED", "2.0"));
        awaits(transition.formatted("timeout", "PLACED", "LATE", "2.0"));
        awaits("waybill_convoys_timeouts_seconds_count{machine=\"orders\",state=\"PLACED\"} 2");
        awaits("waybill_convoys_stuck_total{machine=\"orders\"} 1.0");
        awaits("waybill_convoys_holds_messages_total{machine=\"orders\"} 1.0");
        convoys.close();
    }

    /** A gauge that took the place of another would be there twice for a moment, which fails a scrape. */
    @Test
    void aGaugeStaysWhereItIsWhileItsCountChanges() {
        try (Convoys convoys = Convoys.of(waybill, queue, ONE_STEP).store(store).start();
                ConvoyMetrics metrics = new ConvoyMetrics(convoys, Duration.ofMillis(10))) {
            metrics.bindTo(registry);
            send("o1", "done");
            awaits("waybill_convoys{machine=\"orders\",state=\"ENDED\",status=\"done\"} 1.0");
            Meter gauge = registry.get("waybill.convoys").meter();
            send("o2", "done");
            awaits("waybill_convoys{machine=\"orders\",state=\"ENDED\",status=\"done\"} 2.0");
            assertThat(registry.get("waybill.convoys").meter()).isSameAs(gauge);
        }
    }

    @Test
    void whatAStoreHasIsGauged() {
        try (Convoys earlier = Convoys.of(waybill, queue, ONE_STEP).store(store).start()) {
            send("o0", "done");
            await().until(() -> !earlier.operations().census().convoys().isEmpty());
        }
        try (Convoys convoys = start()) {
            try (ConvoyMetrics metrics = new ConvoyMetrics(convoys, Duration.ofMillis(20))) {
                metrics.bindTo(registry);
                send("o1", "good");
                send("o2", "poison", "another");
                // Of o1, and what it has sent on.
                awaits("waybill_convoys{machine=\"orders\",state=\"LATE\",status=\"done\"} 2.0");
                awaits("waybill_convoys{machine=\"orders\",state=\"NEW\",status=\"stuck\"} 1.0");
                awaits("waybill_convoys{machine=\"orders\",state=\"other\",status=\"done\"} 1.0");
                awaits("waybill_convoys_held_messages{machine=\"orders\"} 2.0");
                awaits("waybill_convoys_due{machine=\"orders\"} 0.0");
                awaits("waybill_convoys_due_age_seconds{machine=\"orders\"} 0.0");
                awaits("waybill_convoys_outbox_messages{machine=\"orders\"} 0.0");
                awaits("waybill_convoys_outbox_age_seconds{machine=\"orders\"} 0.0");
                convoys.operations().cancel("o2");
                awaits("waybill_convoys{machine=\"orders\",state=\"NEW\",status=\"cancelled\"} 1.0");
                assertThat(registry.scrape())
                        .as("what there is none of any more")
                        .doesNotContain("stuck\"}");
            }
            assertThat(registry.scrape())
                    .as("after the close")
                    .doesNotContain("waybill_convoys{", "waybill_convoys_due");
            ConvoyMetrics closed = new ConvoyMetrics(convoys);
            closed.close();
            assertThatThrownBy(() -> closed.bindTo(registry)).isInstanceOf(IllegalStateException.class);
        }
    }
}
