package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.Address;
import dev.waybill.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerAddressTest {
    @Test
    void aHostIsEnough() {
        ServerAddress address = ServerAddress.parse("amqp://broker");
        assertThat(address.tls()).isFalse();
        assertThat(address.hosts()).containsExactly(new Address("broker", 5672));
        assertThat(address.vhost()).isEqualTo("/");
        assertThat(address.username()).isNull();
        assertThat(address.password()).isNull();
    }

    @Test
    void tlsHasAPortOfItsOwn() {
        assertThat(ServerAddress.parse("amqps://broker").hosts()).containsExactly(new Address("broker", 5671));
    }

    @Test
    void severalHostsEachMayHaveAPort() {
        assertThat(ServerAddress.parse("amqp://one,two:1234,[::1]:99,[fe80::2]/v")
                        .hosts())
                .containsExactly(
                        new Address("one", 5672),
                        new Address("two", 1234),
                        new Address("[::1]", 99),
                        new Address("[fe80::2]", 5672));
    }

    @Test
    void userPasswordAndVirtualHostAreDecoded() {
        ServerAddress address = ServerAddress.parse("amqp://us%40er:p%2Fa+s%3As@broker:1/a%2Fb");
        assertThat(address.username()).isEqualTo("us@er");
        assertThat(address.password()).isEqualTo("p/a+s:s");
        assertThat(address.vhost()).isEqualTo("a/b");
    }

    @Test
    void aTrailingSlashIsTheVirtualHostWithoutAName() {
        assertThat(ServerAddress.parse("amqp://broker/").vhost()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "broker",
                "http://broker",
                "amqp://",
                "amqp://user:top-secret@",
                "amqp://broker:port",
                "amqp://user:top-secret@broker:70000",
                "amqp://user:top-secret@broker:x",
                "amqp://user:top-secret@one,,two",
                "amqp://user:top-secret@broker/v?heartbeat=5",
                "amqp://user:top-secret@extra@broker",
                "amqp://user:top/secret@broker",
                "amqp://user:top-secret%zz@broker",
                "amqps//user:top-secret@broker"
            })
    void whatIsNoAddressIsRefusedWithoutShowingAPassword(String uri) {
        assertThatThrownBy(() -> ServerAddress.parse(uri))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.uri")
                .hasMessageNotContaining("secret")
                .hasNoCause();
    }

    @Test
    void itsTextShowsNoCredentials() {
        assertThat(ServerAddress.parse("amqps://user:top-secret@one,two:1/v")).hasToString("amqps://one:5671,two:1");
    }
}
