package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.CapabilityException;
import dev.waybill.ConfigException;
import dev.waybill.Health;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.TopologyException;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.WaybillObserver;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Rules of configuration, capabilities, topology and health. */
abstract class OperationRules extends Chapter {

    @Test
    void e1_1_anUnknownKeyNamesItselfAndTheNearestKnownOne() {
        assertThatThrownBy(() -> another(harness().config().with("waybill.producer.max-in-flihgt", "7")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.producer.max-in-flihgt")
                .hasMessageContaining("waybill.producer.max-in-flight");
        String broker = harness().config().values().get("waybill.broker");
        assertThatThrownBy(() -> another(harness().config().with("waybill." + broker + ".no-such-key", "7")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill." + broker + ".no-such-key");
    }

    @Test
    void e1_2_aWrongValueNamesTheKeyTheValueAndWhatIsAllowed() {
        assertThatThrownBy(() -> another(harness().config().with("waybill.consumer.concurrency", "many")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.consumer.concurrency")
                .hasMessageContaining("'many'")
                .hasMessageContaining("1 to 10000");
        assertThatThrownBy(() -> another(harness().config().with("waybill.uri", "%%nonsense%%")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.uri")
                .hasMessageContaining("%%nonsense%%");
    }

    @Test
    void e1_3_aBrokerWithoutAdapterListsTheAdaptersThatAreThere() {
        String broker = harness().config().values().get("waybill.broker");
        assertThatThrownBy(() -> Waybill.open(harness().config().with("waybill.broker", "pigeons")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("'pigeons'")
                .hasMessageContaining(broker);
    }

    @Test
    void e2_1_everyCapabilitySaysHowItComesAboutOrWhyNot() {
        Capabilities capabilities = waybill.capabilities();
        assertThat(capabilities.broker()).isNotBlank();
        assertThat(Capability.values())
                .allSatisfy(capability -> assertThat(
                                capabilities.support(capability).note())
                        .as("note of %s", capability)
                        .isNotBlank());
    }

    @Test
    void e2_2_aQueueThatDemandsWhatTheBrokerCannotDoFailsWhenItIsDeclared() {
        List<Capability> missing = Arrays.stream(Capability.values())
                .filter(capability -> !has(capability))
                .toList();
        for (Capability capability : missing) {
            Queue<String> queue = newQueue().requires(capability).build();
            assertThatThrownBy(() -> waybill.producer(queue))
                    .isInstanceOf(CapabilityException.class)
                    .hasMessageContaining(queue.name())
                    .hasMessageContaining(capability.name())
                    .hasMessageContaining(
                            waybill.capabilities().support(capability).note());
        }
        Capability[] there =
                Arrays.stream(Capability.values()).filter(this::has).toArray(Capability[]::new);
        assertThat(waybill.producer(newQueue().requires(there).build())).isNotNull();
    }

    @Test
    void e3_1_aQueueCanBeDeclaredAgainAndByTwoAtOnce() {
        Queue<String> queue = newQueue().build();
        List<Waybill> many = List.of(waybill, another(), another());
        List<CompletableFuture<Producer<String>>> declaring = new ArrayList<>();
        for (Waybill one : many) {
            declaring.add(CompletableFuture.supplyAsync(() -> one.producer(queue)));
        }
        declaring.forEach(CompletableFuture::join);
        another().producer(queue).send("m").join();
    }

    @Test
    void e3_2_toVerifyCreatesNothingAndNamesWhatIsMissing() {
        needs(Capability.TOPOLOGY_VERIFY);
        Queue<String> queue = newQueue().build();
        Waybill verifying = another(harness().config().with("waybill.topology", "verify"));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> verifying.producer(queue))
                    .isInstanceOf(TopologyException.class)
                    .hasMessageContaining(queue.name());
        }
        waybill.producer(queue);
        verifying.producer(queue).send("m").join();
    }

    @Test
    void e3_3_aQueueThatDiffersIsReportedFieldByField() {
        needs(Capability.TOPOLOGY_VERIFY);
        Queue<String> declared = newQueue().maxDeliveries(3).build();
        waybill.producer(declared);
        Queue<String> different = Queue.named(declared.name(), declared.codec())
                .maxDeliveries(7)
                .lockDuration(declared.lockDuration())
                .build();
        for (String mode : List.of("declare", "verify")) {
            Waybill other = another(harness().config().with("waybill.topology", mode));
            assertThatThrownBy(() -> other.producer(different))
                    .as("with topology %s", mode)
                    .isInstanceOfSatisfying(
                            TopologyException.class,
                            differs -> assertThat(differs.differences())
                                    .hasSize(1)
                                    .allSatisfy(difference -> {
                                        assertThat(difference.field()).isNotBlank();
                                        assertThat(difference.declared()).isNotEqualTo(difference.actual());
                                    }))
                    .hasMessageContaining(declared.name());
        }
        // Nothing was changed by the attempts.
        another(harness().config().with("waybill.topology", "verify")).producer(declared);
    }

    @Test
    void e4_1_secretsAreInNoExceptionAndInNoTextForm() {
        String secret = "s3cr3t-" + newName();
        WaybillConfig config = harness()
                .config()
                .with("waybill.password", secret)
                .with("waybill.username", "nobody")
                .with("waybill.connect-timeout", "3s");
        assertThat(config.toString()).doesNotContain(secret);
        Throwable refused = catchThrowable(() -> {
            try (Waybill open = Waybill.open(config)) {
                open.producer(newQueue().build()).send("m").join();
                assertThat(open.toString() + open.health() + open.capabilities())
                        .doesNotContain(secret);
            }
        });
        if (refused != null) {
            StringWriter text = new StringWriter();
            refused.printStackTrace(new PrintWriter(text));
            assertThat(text.toString()).doesNotContain(secret);
        }
        Throwable wrong = catchThrowable(
                () -> Waybill.open(config.with("waybill.uri", "nonsense://nobody:" + secret + "@host/")));
        StringWriter text = new StringWriter();
        wrong.printStackTrace(new PrintWriter(text));
        assertThat(text.toString()).doesNotContain(secret);
    }

    /** Adds what W3C's propagators write. */
    private static final class Tracing implements WaybillObserver {
        static final Map<String, String> HEADERS = Map.of(
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "tracestate",
                "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
                "baggage",
                "userId=Am%C3%A9lie,serverNode=DF%2028;property=1");

        @Override
        public Sending sending(String broker, String queue, Message<?> message, int bodyBytes) {
            return new Sending() {
                @Override
                public Map<String, String> headers() {
                    return HEADERS;
                }

                @Override
                public void ended(@Nullable Throwable failure) {}
            };
        }
    }

    @Test
    void e5_1_headersThatAnObserverAddsTravelThroughRetriesAndIntoTheDeadLetterQueue() {
        Queue<String> queue = newQueue().maxDeliveries(2).build();
        List<Map<String, String>> handled = new CopyOnWriteArrayList<>();
        // A consumer of its own, which adds nothing.
        another().consumer(queue).start(delivery -> {
            handled.add(delivery.headers());
            throw new IllegalStateException("never");
        });
        List<Map<String, String>> dead = new CopyOnWriteArrayList<>();
        another().deadLetterConsumer(queue).start(letter -> dead.add(letter.headers()));
        Producer<String> producer =
                another(harness().config().observer(new Tracing())).producer(queue);
        producer.send(Message.with("m").header("tenant", "acme").build()).join();
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        assertThat(handled).hasSize(2);
        assertThat(handled)
                .allSatisfy(headers -> assertThat(headers)
                        .containsAllEntriesOf(Tracing.HEADERS)
                        .containsEntry("tenant", "acme"));
        assertThat(dead.get(0)).containsAllEntriesOf(Tracing.HEADERS).containsEntry("tenant", "acme");
    }

    @Test
    void e6_1_healthTellsOfEachConnectionProducerAndSubscription() {
        Queue<String> queue = newQueue().build();
        Producer<String> producer = waybill.producer(queue);
        producer.send("m").join();
        Subscription subscription = waybill.consumer(queue).start(delivery -> {});
        await().untilAsserted(() ->
                assertThat(waybill.health().status()).as("%s", waybill.health()).isEqualTo(Health.Status.UP));
        assertThat(waybill.health().components())
                .extracting(Health.Component::kind)
                .contains("connection", "producer", "subscription");
        assertThat(subscription.health().name()).isEqualTo(queue.name());
        subscription.close();
        assertThat(subscription.health().status()).isEqualTo(Health.Status.DOWN);
        assertThat(waybill.health().components())
                .extracting(Health.Component::kind)
                .doesNotContain("subscription");
    }

    @Test
    void e8_1_theVendorsClientCanBeHad() {
        assertThat(waybill.unwrap(harness().nativeType())).isPresent();
        assertThat(waybill.unwrap(StringBuilder.class)).isEmpty();
    }
}
