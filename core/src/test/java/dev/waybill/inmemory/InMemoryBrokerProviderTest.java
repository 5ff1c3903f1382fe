package dev.waybill.inmemory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import dev.waybill.TopologyException;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerProvider;
import dev.waybill.spi.TimeSource;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InMemoryBrokerProviderTest {

    @Test
    void isFoundByItsName() {
        assertThat(ServiceLoader.load(BrokerProvider.class))
                .extracting(BrokerProvider::name)
                .contains("in-memory");
    }

    @Test
    void needsNoAddress() {
        var context = new Fixture.Context(Optional.empty(), Map.of(), TimeSource.system());
        try (Broker broker = new InMemoryBrokerProvider().open(context)) {
            assertThat(broker.capabilities().broker()).isEqualTo("in-memory");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "in-memory:?emulate=nats, 'nats', rabbitmq|kafka|sqs",
        "in-memory:?emulate=RABBITMQ, 'RABBITMQ', rabbitmq|kafka|sqs",
        "in-memory:?emulate, 'emulate', emulate=rabbitmq|kafka|sqs",
        "in-memory:?speed=3, 'speed=3', emulate=rabbitmq|kafka|sqs",
        "in-memory:a/b, 'in-memory:a/b', in-memory:[NAME][?emulate=rabbitmq|kafka|sqs]",
        "orders, 'orders', in-memory:[NAME][?emulate=rabbitmq|kafka|sqs]"
    })
    void wrongAddressIsRefusedWithItsValueAndWhatIsAllowed(String uri, String value, String allowed) {
        assertThatThrownBy(() -> Fixture.open(uri, TimeSource.system()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.uri")
                .hasMessageContaining(value)
                .hasMessageContaining(allowed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"amqp://user:hunter2@host/", "in-memory:user:hunter2@host"})
    void passwordInAForeignAddressIsNotShown(String uri) {
        assertThatThrownBy(() -> Fixture.open(uri, TimeSource.system()))
                .isInstanceOf(ConfigException.class)
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void nativeSettingIsRefusedByName() {
        var context = new Fixture.Context(Optional.empty(), Map.of("linger.ms", "5"), TimeSource.system());
        assertThatThrownBy(() -> new InMemoryBrokerProvider().open(context))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.in-memory.native.linger.ms");
    }

    @Test
    void privateBrokersHaveNothingInCommon() {
        try (Fixture one = new Fixture();
                Broker other = Fixture.open("in-memory:", one.time)) {
            assertThatThrownBy(() -> other.declare(Fixture.QUEUE, TopologyMode.VERIFY))
                    .isInstanceOf(TopologyException.class);
        }
    }

    @Test
    void namedBrokerIsSharedUntilTheLastOneCloses() {
        Fixture one = new Fixture("in-memory:shared");
        one.send("a");
        Broker other = Fixture.open("in-memory:shared", one.time);
        one.sender.close();
        one.close();
        try (Broker third = Fixture.open("in-memory:shared", one.time)) {
            assertThat(third.unwrap(InMemoryInspection.class).orElseThrow().depth("orders"))
                    .isEqualTo(1);
        }
        other.declare(Fixture.QUEUE, TopologyMode.VERIFY);
        other.close();
        try (Broker later = Fixture.open("in-memory:shared", one.time)) {
            assertThatThrownBy(() -> later.declare(Fixture.QUEUE, TopologyMode.VERIFY))
                    .isInstanceOf(TopologyException.class);
        }
    }

    @Test
    void sharedBrokerHasOneEmulation() {
        try (Broker kafka = Fixture.open("in-memory:both?emulate=kafka", TimeSource.system())) {
            assertThatThrownBy(() -> Fixture.open("in-memory:both?emulate=sqs", TimeSource.system()))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("in-memory:both?emulate=sqs")
                    .hasMessageContaining("in-memory:both?emulate=kafka");
            assertThat(kafka.capabilities().broker()).contains("Kafka");
        }
    }

    @Test
    void sharedBrokerHasOneClock() {
        try (Broker first = Fixture.open("in-memory:clocks", TimeSource.system())) {
            assertThatThrownBy(() -> Fixture.open("in-memory:clocks", new SettableTime()))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("another clock");
            assertThat(first.health()).hasSize(1);
        }
    }
}
