package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import dev.waybill.TopologyMode;
import dev.waybill.WaybillConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    private static Settings of(String... keysAndValues) {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", "rabbitmq"));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            config = config.with(keysAndValues[i], keysAndValues[i + 1]);
        }
        return new Settings(config.values());
    }

    @Test
    void defaultsAreThoseOfTheDocumentation() {
        Settings settings = of();
        assertThat(settings.concurrency).isEqualTo(1);
        assertThat(settings.prefetch).isEqualTo(16);
        assertThat(settings.topology).isEqualTo(TopologyMode.DECLARE);
        assertThat(settings.producer.maxInFlight()).isEqualTo(1000);
        assertThat(settings.producer.maxInFlightBytes()).isEqualTo(64L << 20);
        assertThat(settings.producer.sendTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.drainTimeout).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.connectTimeout).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.mdc).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"500ms, PT0.5S", "10s, PT10S", "PT2M, PT2M", "3 minutes, PT3M"})
    void durationsAreReadInTheUsualForms(String written, Duration meant) {
        assertThat(of("waybill.connect-timeout", written).connectTimeout).isEqualTo(meant);
    }

    @Test
    void sizesAreReadWithUnits() {
        assertThat(of("waybill.producer.max-in-flight-bytes", "16MiB").producer.maxInFlightBytes())
                .isEqualTo(16L << 20);
    }

    @ParameterizedTest
    @CsvSource({
        "waybill.consumer.concurrency, none",
        "waybill.consumer.concurrency, 0",
        "waybill.consumer.concurrency, 10001",
        "waybill.consumer.prefetch, -1",
        "waybill.consumer.mdc, yes",
        "waybill.connect-timeout, soon",
        "waybill.connect-timeout, P1Y",
        "waybill.connect-timeout, 0s",
        "waybill.topology, create",
        "waybill.producer.max-in-flight, 1.5",
        "waybill.producer.max-in-flight-bytes, much",
        "waybill.producer.max-in-flight-bytes, 0",
        "waybill.tls.trust-store, /no/such/file"
    })
    void aWrongValueNamesTheKeyTheValueAndWhatIsAllowed(String key, String value) {
        assertThatThrownBy(() -> of(key, value))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key)
                .hasMessageContaining("'" + value + "'")
                .hasMessageContaining(SettingKey.of(key).orElseThrow().allowed());
    }

    @Test
    void aMissingBrokerNamesTheKey() {
        assertThatThrownBy(() -> new Settings(Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.broker is not set");
    }

    @Test
    void anUnknownKeyNamesTheNearestKnownOne() {
        Settings settings = of("waybill.consumer.concurency", "4");
        assertThatThrownBy(() -> settings.checkKeys(Set.of(), List.of("rabbitmq")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("'waybill.consumer.concurency'")
                .hasMessageContaining("did you mean 'waybill.consumer.concurrency'?");
    }

    @Test
    void settingsOfAnotherAdapterMayStandThere() {
        Settings settings = of("waybill.kafka.partitions", "8", "waybill.rabbitmq.native.x", "1");
        settings.checkKeys(Set.of(), List.of("rabbitmq", "kafka"));
        assertThatThrownBy(() -> settings.checkKeys(Set.of(), List.of("rabbitmq")))
                .hasMessageContaining("waybill.kafka.partitions");
    }

    @Test
    void anUnknownKeyOfTheChosenAdapterIsAnError() {
        Settings settings = of("waybill.rabbitmq.vhots", "a");
        assertThatThrownBy(() -> settings.checkKeys(Set.of("vhost"), List.of("rabbitmq")))
                .hasMessageContaining("did you mean 'waybill.rabbitmq.vhost'?");
    }

    @Test
    void theEnvironmentSpellsKeysInCapitals() {
        Map<String, String> environment = Map.of(
                "WAYBILL_BROKER", "kafka",
                "WAYBILL_PRODUCER_MAX_IN_FLIGHT_BYTES", "5MiB",
                "WAYBILL_KAFKA_REPLICATION_FACTOR", "3",
                "WAYBILL_KAFKA_NATIVE_MAX_POLL_RECORDS", "10",
                "PATH", "/bin");
        Map<String, String> values = ConfigSources.fromEnvironment(environment, List.of("kafka"));
        assertThat(values)
                .containsOnly(
                        Map.entry("waybill.broker", "kafka"),
                        Map.entry("waybill.producer.max-in-flight-bytes", "5MiB"),
                        Map.entry("waybill.kafka.replication-factor", "3"),
                        Map.entry("waybill.kafka.native.max.poll.records", "10"));
    }

    @Test
    void theEnvironmentIsReadForEveryAdapterSinceAFileOrTheProgramMayChooseIt() {
        Map<String, String> environment = Map.of(
                "WAYBILL_KAFKA_PARTITIONS", "8",
                "WAYBILL_IN_MEMORY_NATIVE_X_Y", "1",
                "WAYBILL_PIGEON_LOFT", "3");
        assertThat(ConfigSources.fromEnvironment(environment, List.of("kafka", "in-memory")))
                .containsOnly(
                        Map.entry("waybill.kafka.partitions", "8"), Map.entry("waybill.in-memory.native.x.y", "1"));
    }

    @Test
    void secretsDoNotShow() {
        String shown = WaybillConfig.of(Map.of(
                        "waybill.broker", "kafka",
                        "waybill.username", "alice",
                        "waybill.password", "hunter2",
                        "waybill.uri", "amqp://alice:hunter2@host",
                        "waybill.tls.key-store-password", "hunter2",
                        "waybill.kafka.native.sasl.jaas.config", "x password=hunter2"))
                .toString();
        assertThat(shown).doesNotContain("hunter2").contains("alice", "amqp://***@host");
    }
}
