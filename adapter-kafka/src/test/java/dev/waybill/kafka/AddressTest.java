package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {

    @Test
    void several_hosts_are_one_address() {
        assertThat(Address.parse("kafka://h1:9092,h2:9093")).isEqualTo(new Address("h1:9092,h2:9093", false));
    }

    @Test
    void kafkas_asks_for_tls_and_the_port_may_be_left_out() {
        assertThat(Address.parse("KAFKAS://Host/")).isEqualTo(new Address("Host:9092", true));
        assertThat(Address.parse("kafka://[::1]:9094")).isEqualTo(new Address("[::1]:9094", false));
        assertThat(Address.parse("kafka://[::1]")).isEqualTo(new Address("[::1]:9092", false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost:9092",
                "http://h:1",
                "kafka://",
                "kafka://h:0",
                "kafka://h:70000",
                "kafka://h:x",
                "kafka://h1,,h2",
                "kafka://h/topic"
            })
    void anything_else_is_refused_with_what_is_allowed(String uri) {
        assertThatThrownBy(() -> Address.parse(uri))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("kafka://host:port");
    }

    @Test
    void credentials_in_the_address_are_refused_without_showing_them() {
        assertThatThrownBy(() -> Address.parse("kafka://me:s3cret@h:9092"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.password")
                .hasMessageNotContaining("s3cret");
    }
}
