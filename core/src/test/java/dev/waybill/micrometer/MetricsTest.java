package dev.waybill.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Death;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.PriorityPolicy;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.InMemoryConvoyStore;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Meters as Prometheus gets them. */
class MetricsTest {
    private static final Pattern NAME = Pattern.compile("\\bwaybill_\\w+");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final MicrometerObserver observer = new MicrometerObserver(registry);
    private final Waybill waybill =
            Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")).observer(observer));
    private final Queue<String> queue = Queue.named("orders", Codec.text())
            .maxDeliveries(2)
            .retry(RetryPolicy.immediate()
                    .deadLetterOn(IllegalArgumentException.class)
                    .discardOn(UnsupportedOperationException.class))
            .build();

    @AfterEach
    void close() {
        waybill.close();
    }

    private WaybillMetrics metrics() {
        return new WaybillMetrics(waybill, Duration.ofMillis(20), queue);
    }

    /** Waits for a line of what Prometheus would read. */
    private void awaits(String line) {
        await().untilAsserted(() -> assertThat(registry.scrape().lines()).contains(line));
    }

    @Test
    void whatHappensIsCounted() {
        waybill.consumer(queue).startReturning(delivery -> switch (delivery.payload()) {
            case "poison" -> throw new IllegalStateException("never");
            case "hopeless" -> throw new IllegalArgumentException("nonsense");
            case "futile" -> throw new UnsupportedOperationException("so what");
            case "unwanted" -> Outcome.deadLetter("nobody wants it");
            default -> Outcome.accept();
        });
        for (String payload : new String[] {"good", "poison", "hopeless", "futile", "unwanted"}) {
            waybill.producer(queue).sendAndWait(payload);
        }
        // Three of them to the dead-letter queue.
        awaits("waybill_send_seconds_count{queue=\"orders\",result=\"stored\"} 8");
        awaits("waybill_received_messages_total{queue=\"orders\"} 6.0");
        awaits("waybill_handle_seconds_count{outcome=\"accept\",queue=\"orders\"} 1");
        awaits("waybill_handle_seconds_count{outcome=\"retry\",queue=\"orders\"} 4");
        awaits("waybill_retried_messages_total{queue=\"orders\"} 1.0");
        awaits("waybill_discarded_messages_total{queue=\"orders\"} 1.0");
        String died = "waybill_dead_lettered_messages_total{exception=\"%s\",queue=\"orders\",reason=\"%s\"} 1.0";
        awaits(died.formatted("IllegalStateException", "max_deliveries"));
        awaits(died.formatted("IllegalArgumentException", "not_retryable"));
        awaits(died.formatted("none", "rejected"));
        waybill.deadLetters(queue).redrive(DeadLetterFilter.all()).run();
        awaits("waybill_redriven_messages_total{queue=\"orders\"} 3.0");
    }

    @Test
    void exceptionsThatAreMadeUpAsTheyGoMakeNoMetersWithoutEnd() {
        for (int i = 0; i < 1000; i++) {
            observer.deadLettered(death("com.acme.Generated" + i));
        }
        observer.deadLettered(death("com.acme.Outer$Generated7"));
        observer.deadLettered(death("com.acme.Outer$1"));
        assertThat(registry.find("waybill.dead.lettered").counters()).hasSize(101);
        assertThat(count("Generated7")).isEqualTo(2);
        assertThat(count("other")).isEqualTo(901);
    }

    private double count(String exception) {
        return registry.get("waybill.dead.lettered")
                .tag("exception", exception)
                .counter()
                .count();
    }

    private static Death death(String error) {
        return new Death("orders", "1", Optional.empty(), Death.Cause.MAX_DELIVERIES, "no", Optional.of(error), 2);
    }

    @Test
    void whatIsThereIsGauged() throws Exception {
        try (WaybillMetrics metrics = metrics()) {
            metrics.bindTo(registry);
            awaits("waybill_dead_letters_messages{queue=\"orders\"} 0.0");
            CountDownLatch finish = new CountDownLatch(1);
            Subscription subscription = waybill.consumer(queue).concurrency(3).startReturning(delivery -> {
                assertThat(finish.await(10, TimeUnit.SECONDS)).isTrue();
                return Outcome.deadLetter("no");
            });
            for (int i = 0; i < 3; i++) {
                waybill.producer(queue).sendAndWait("m" + i);
            }
            awaits("waybill_held_messages{queue=\"orders\"} 3.0");
            awaits("waybill_in_flight_messages{queue=\"orders\"} 0.0");
            awaits("waybill_health{kind=\"subscription\",name=\"orders\"} 1.0");
            awaits("waybill_health{kind=\"producer\",name=\"orders\"} 1.0");
            finish.countDown();
            awaits("waybill_dead_letters_messages{queue=\"orders\"} 3.0");
            awaits("waybill_held_messages{queue=\"orders\"} 0.0");
            subscription.close();
            await("what is closed goes")
                    .untilAsserted(() -> assertThat(registry.scrape())
                            .doesNotContain("waybill_held_messages{")
                            .doesNotContain("kind=\"subscription\""));
        }
        assertThat(registry.scrape()).as("after the close").doesNotContain("waybill_dead_letters", "waybill_health{");
        WaybillMetrics closed = metrics();
        closed.close();
        assertThatThrownBy(() -> closed.bindTo(registry)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void eachLevelHasItsWaitItsMissedTargetsAndItsDepth() throws Exception {
        Queue<String> tiers = Queue.named("tiers", Codec.text())
                .priorities(PriorityPolicy.strict(3)
                        .tier("premium", 2, Duration.ofMillis(1))
                        .tier("standard", 1, Duration.ofMinutes(1)))
                .build();
        for (String tier : new String[] {"premium", "standard"}) {
            waybill.producer(tiers).sendAndWait(Message.with(tier).tier(tier).build());
        }
        waybill.producer(tiers).sendAndWait("free");
        try (WaybillMetrics gauges = new WaybillMetrics(waybill, Duration.ofMillis(20), tiers)) {
            gauges.bindTo(registry);
            awaits("waybill_depth_messages{level=\"2\",queue=\"tiers\"} 1.0");
            awaits("waybill_depth_messages{level=\"0\",queue=\"tiers\"} 1.0");
            waybill.consumer(tiers).start(delivery -> {});
            awaits("waybill_depth_messages{level=\"2\",queue=\"tiers\"} 0.0");
        }
        awaits("waybill_wait_seconds_count{level=\"2\",queue=\"tiers\",tier=\"premium\"} 1");
        awaits("waybill_wait_seconds_count{level=\"1\",queue=\"tiers\",tier=\"standard\"} 1");
        awaits("waybill_wait_seconds_count{level=\"0\",queue=\"tiers\",tier=\"none\"} 1");
        awaits("waybill_targets_missed_messages_total{queue=\"tiers\",tier=\"premium\"} 1.0");
        awaits("waybill_targets_missed_messages_total{queue=\"tiers\",tier=\"standard\"} 0.0");
    }

    @Test
    void aMessageHasWaitedOnceHoweverOftenItIsTriedAndRedriven() {
        Queue<String> orders = Queue.ofText("waits");
        CircuitBreaker breaker = CircuitBreaker.of(
                "trial",
                CircuitBreakerConfig.custom()
                        .permittedNumberOfCallsInHalfOpenState(4)
                        .build());
        breaker.transitionToOpenState();
        breaker.transitionToHalfOpenState();
        AtomicInteger calls = new AtomicInteger();
        waybill.consumer(orders).circuitBreaker(breaker).startReturning(delivery -> {
            if (calls.incrementAndGet() == 1) {
                throw new IllegalStateException("down");
            }
            return calls.get() == 2 ? Outcome.deadLetter("for now") : Outcome.accept();
        });
        waybill.producer(orders).sendAndWait("m");
        await().until(() -> waybill.deadLetters(orders).count() == 1);
        waybill.deadLetters(orders).redrive(DeadLetterFilter.all()).run();
        await().untilAsserted(() -> assertThat(calls).hasValue(3));
        awaits("waybill_wait_seconds_count{level=\"0\",queue=\"waits\",tier=\"none\"} 1");
    }

    @Test
    void aBrokerThatIsGoneIsUnknownAndBreaksNoScrape() {
        try (WaybillMetrics metrics = metrics()) {
            metrics.bindTo(registry);
            awaits("waybill_dead_letters_messages{queue=\"orders\"} 0.0");
            waybill.close();
            awaits("waybill_dead_letters_messages{queue=\"orders\"} NaN");
        }
    }

    @Test
    void theDocumentAndTheAlertsNameWhatThereIs() throws Exception {
        waybill.consumer(queue).startReturning(delivery -> Outcome.deadLetter("no"));
        waybill.producer(queue).sendAndWait("m");
        Queue<String> tiers = Queue.named("tiers", Codec.text())
                .priorities(PriorityPolicy.strict(2).tier("all", 0, Duration.ofMinutes(1)))
                .build();
        waybill.consumer(tiers).start(delivery -> {});
        waybill.producer(tiers).sendAndWait("m");
        MicrometerConvoyListener convoy = new MicrometerConvoyListener(registry);
        convoy.timedOut("orders", "o1", "PLACED", "PLACED", 5);
        convoy.held("orders", "o1", "m1");
        convoy.stuck("orders", "o1", "it cannot be");
        convoy.conflict("orders", "o1");
        convoy.storeFailed("orders");
        Queue<String> ordered =
                Queue.named("ordered", Codec.text()).orderedByKey().build();
        try (WaybillMetrics metrics = metrics();
                Convoys convoys = Convoys.of(waybill, ordered, ConvoyMetricsTest.ONE_STEP)
                        .store(new InMemoryConvoyStore())
                        .start();
                ConvoyMetrics census = new ConvoyMetrics(convoys, Duration.ofMillis(20))) {
            metrics.bindTo(registry);
            census.bindTo(registry);
            waybill.producer(ordered).sendAndWait(Message.with("m").key("o1").build());
            awaits("waybill_convoys{machine=\"orders\",state=\"ENDED\",status=\"done\"} 1.0");
            awaits("waybill_dead_letters_messages{queue=\"orders\"} 1.0");
            awaits("waybill_depth_messages{level=\"0\",queue=\"orders\"} 0.0");
            awaits("waybill_targets_missed_messages_total{queue=\"tiers\",tier=\"all\"} 0.0");
            Set<String> there = names(registry.scrape()
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .collect(Collectors.joining("\n")));
            assertThat(names(Files.readString(Path.of("..", "docs", "OBSERVABILITY.md"))))
                    .isEqualTo(there);
            assertThat(there).containsAll(names(Files.readString(Path.of("..", "docs", "prometheus-alerts.yml"))));
        }
    }

    private static Set<String> names(String text) {
        return NAME.matcher(text).results().map(found -> found.group()).collect(Collectors.toCollection(TreeSet::new));
    }
}
