package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import java.net.URI;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.regions.Region;

class AddressTest {
    private static Address of(String uri) {
        return Address.of(Optional.of(uri), Optional.empty());
    }

    @Test
    void a_region_needs_no_endpoint_and_an_endpoint_has_a_region_by_default() {
        assertThat(of("sqs://eu-west-1")).isEqualTo(new Address(null, Region.EU_WEST_1));
        assertThat(of("http://127.0.0.1:9324"))
                .isEqualTo(new Address(URI.create("http://127.0.0.1:9324"), Region.US_EAST_1));
        assertThat(Address.of(Optional.of("https://vpce.example"), Optional.of("eu-west-1")))
                .isEqualTo(new Address(URI.create("https://vpce.example"), Region.EU_WEST_1));
    }

    @Test
    void without_an_address_the_region_is_configured_or_the_sdk_finds_it() {
        assertThat(Address.of(Optional.empty(), Optional.empty())).isEqualTo(new Address(null, null));
        assertThat(Address.of(Optional.empty(), Optional.of("eu-west-1")))
                .isEqualTo(new Address(null, Region.EU_WEST_1));
    }

    @Test
    void two_regions_that_differ_are_a_mistake() {
        assertThatThrownBy(() -> Address.of(Optional.of("sqs://eu-west-1"), Optional.of("us-east-1")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.sqs.region")
                .hasMessageContaining("us-east-1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"sqs://eu west", "sqs://eu-west-1/", "sqs://a:b@eu-west-1", "amqp://h", "http:///x", "::", ""})
    void anything_else_is_refused_with_what_is_allowed(String uri) {
        assertThatThrownBy(() -> of(uri))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.uri")
                .hasMessageContaining("sqs://REGION");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://key:hunter2@host", "http://key:hunter2 @host", "sqs://key:hunter2@eu-west-1"})
    void a_password_in_the_address_is_refused_and_not_shown(String uri) {
        assertThatThrownBy(() -> of(uri))
                .isInstanceOf(ConfigException.class)
                .hasMessageNotContaining("hunter2")
                .hasNoCause();
    }

    @Test
    void a_plain_port_of_this_machine_is_local() {
        assertThat(of("http://localhost:9324").local()).isTrue();
        assertThat(of("http://127.0.0.1:9324").local()).isTrue();
        assertThat(of("https://localhost").local()).isFalse();
        assertThat(of("http://elasticmq:9324").local()).isFalse();
        assertThat(of("sqs://eu-west-1").local()).isFalse();
    }
}
