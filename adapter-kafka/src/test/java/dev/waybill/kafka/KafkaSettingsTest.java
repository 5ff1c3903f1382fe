package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import dev.waybill.spi.TlsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaSettingsTest {

    private static TestContext context() {
        return new TestContext("kafka://h:1");
    }

    @Test
    void a_native_setting_reaches_the_clients_that_know_it_and_no_other() {
        KafkaSettings settings = new KafkaSettings(
                context().nativeSetting("compression.type", "lz4").nativeSetting("fetch.max.bytes", "1000000"));
        assertThat(settings.producer(1))
                .containsEntry("compression.type", "lz4")
                .doesNotContainKey("fetch.max.bytes");
        assertThat(settings.shareConsumer("g", 1, "record_limit"))
                .containsEntry("fetch.max.bytes", "1000000")
                .doesNotContainKey("compression.type");
        assertThat(ProducerConfig.configNames())
                .containsAll(settings.producer(1).keySet());
        assertThat(ConsumerConfig.configNames())
                .containsAll(settings.shareConsumer("g", 1, "record_limit").keySet())
                .containsAll(settings.lookup().keySet())
                .containsAll(settings.delayConsumer("g").keySet());
        assertThat(ProducerConfig.configNames()).containsAll(settings.mover("t").keySet());
        assertThat(settings.delayConsumer("g")).containsEntry("fetch.max.bytes", "1000000");
        assertThat(settings.mover("t")).containsEntry("compression.type", "lz4");
        assertThat(AdminClientConfig.configNames()).containsAll(settings.admin().keySet());
    }

    @Test
    void an_unknown_native_setting_is_refused() {
        assertThatThrownBy(() -> new KafkaSettings(context().nativeSetting("linger.mss", "5")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.kafka.native.linger.mss");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "acks",
                "enable.idempotence",
                "group.id",
                "share.acknowledgement.mode",
                "key.serializer",
                "bootstrap.servers",
                "delivery.timeout.ms",
                "max.poll.records",
                "auto.offset.reset",
                "isolation.level"
            })
    void what_the_promises_rest_on_cannot_be_set(String name) {
        assertThatThrownBy(() -> new KafkaSettings(context().nativeSetting(name, "x")))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("waybill.kafka.native." + name + " cannot be set: ");
    }

    @ParameterizedTest
    @CsvSource({
        "partitions,0,1 to 10000",
        "partitions,many,1 to 10000",
        "replication-factor,0,1 to 32767",
        "share-consumers,1,2 to 200",
        "max-message-bytes,5,1024 to 1073741824",
        "retention,soon,unlimited",
        "retention,PT0S,unlimited"
    })
    void a_wrong_value_names_the_key_the_value_and_what_is_allowed(String key, String value, String allowed) {
        assertThatThrownBy(() -> new KafkaSettings(context().setting(key, value)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("waybill.kafka." + key, "'" + value + "'", allowed);
    }

    @Test
    void retention_is_a_duration_or_unlimited() {
        assertThat(new KafkaSettings(context()).retentionMillis()).isEmpty();
        assertThat(new KafkaSettings(context().setting("retention", "P2D")).retentionMillis())
                .hasValue(Duration.ofDays(2).toMillis());
        assertThat(new KafkaSettings(context().setting("retention", "Unlimited")).retentionMillis())
                .hasValue(-1);
    }

    @Test
    void the_send_timeout_bounds_a_send() {
        Map<String, Object> producer = new KafkaSettings(context().sendTimeout(Duration.ofSeconds(2))).producer(1);
        assertThat(producer)
                .containsEntry("delivery.timeout.ms", 2000)
                .containsEntry("max.block.ms", 2000)
                .containsEntry("request.timeout.ms", 1999)
                .containsEntry("acks", "all")
                .containsEntry("enable.idempotence", true);
    }

    @Test
    void what_moves_delayed_messages_has_time_outs_of_its_own_and_does_so_exactly_once() {
        KafkaSettings settings = new KafkaSettings(context()
                .sendTimeout(Duration.ofMillis(50))
                .nativeSetting("share.acquire.mode", "record_limit")
                .credentials("me", "x"));
        assertThat(settings.mover("t"))
                .containsEntry("transactional.id", "t")
                .containsEntry("max.block.ms", 10_000)
                .containsEntry("transaction.timeout.ms", 10_000)
                .containsEntry("security.protocol", "SASL_PLAINTEXT");
        assertThat(settings.delayConsumer("g"))
                .containsEntry("isolation.level", "read_committed")
                .containsEntry("auto.offset.reset", "earliest")
                .containsEntry("enable.auto.commit", false)
                .containsEntry("security.protocol", "SASL_PLAINTEXT")
                .doesNotContainKey("share.acquire.mode");
    }

    @Test
    void a_user_name_means_scram_unless_another_mechanism_is_set() {
        Map<String, Object> scram = new KafkaSettings(context().credentials("me", "s\"e\\t")).admin();
        assertThat(scram)
                .containsEntry("security.protocol", "SASL_PLAINTEXT")
                .containsEntry("sasl.mechanism", "SCRAM-SHA-256");
        assertThat(scram.get("sasl.jaas.config"))
                .isEqualTo("org.apache.kafka.common.security.scram.ScramLoginModule required username=\"me\""
                        + " password=\"s\\\"e\\\\t\";");
        Map<String, Object> plain = new KafkaSettings(
                        new TestContext("kafkas://h").credentials("me", "x").nativeSetting("sasl.mechanism", "PLAIN"))
                .admin();
        assertThat(plain).containsEntry("security.protocol", "SASL_SSL");
        assertThat(plain.get("sasl.jaas.config").toString()).contains("PlainLoginModule");
    }

    @Test
    void a_mechanism_without_a_password_is_refused_without_showing_it() {
        assertThatThrownBy(() -> new KafkaSettings(
                        context().credentials("me", "s3cret").nativeSetting("sasl.mechanism", "GSSAPI")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("GSSAPI")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void stores_become_the_clients_stores_and_need_a_tls_address() {
        TlsSettings tls = new TlsSettings(Path.of("/t.p12"), "tp", Path.of("/k.jks"), "kp");
        assertThat(new KafkaSettings(new TestContext("kafkas://h").tls(tls)).admin())
                .containsEntry("security.protocol", "SSL")
                .containsEntry("ssl.truststore.location", "/t.p12")
                .containsEntry("ssl.truststore.type", "PKCS12")
                .containsEntry("ssl.truststore.password", "tp")
                .containsEntry("ssl.keystore.type", "JKS")
                .containsEntry("ssl.key.password", "kp");
        assertThatThrownBy(() -> new KafkaSettings(context().tls(tls)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("waybill.tls.trust-store", "'/t.p12'", "'kafka://h:1'", "kafkas://")
                .hasMessageNotContaining("tp");
    }

    @Test
    void native_settings_show_names_only() {
        assertThat(new NativeSettings(Map.of("ssl.key.password", "s3cret")))
                .hasToString("NativeSettings[ssl.key.password]");
    }
}
