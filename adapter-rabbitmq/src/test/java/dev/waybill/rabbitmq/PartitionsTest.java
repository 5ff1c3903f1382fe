package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import dev.waybill.rabbitmq.Partitions.Partitioner;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartitionsTest {
    private static final Partitions BY_EXCHANGE = new Partitions(16, Partitioner.EXCHANGE);
    private static final Partitions BY_CLIENT = new Partitions(16, Partitioner.CLIENT);

    private static TestContext context() {
        return new TestContext("amqp://localhost");
    }

    @Test
    void byDefaultThereAre16AndTheClientFindsThem() {
        assertThat(Partitions.of(context())).isEqualTo(BY_CLIENT);
        assertThat(Partitions.of(context().setting("partitions", "4").setting("partitioner", "exchange")))
                .isEqualTo(new Partitions(4, Partitioner.EXCHANGE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1001", "many", ""})
    void aNumberOutOfRangeIsRefused(String number) {
        assertThatThrownBy(() -> Partitions.of(context().setting("partitions", number)))
                .isInstanceOf(ConfigException.class)
                .hasMessage("waybill.rabbitmq.partitions is '" + number + "' but must be a number, 1 to 1000");
    }

    @Test
    void anUnknownPartitionerIsRefused() {
        assertThatThrownBy(() -> Partitions.of(context().setting("partitioner", "server")))
                .isInstanceOf(ConfigException.class)
                .hasMessage("waybill.rabbitmq.partitioner is 'server' but must be exchange or client");
    }

    @Test
    void theServerRoutesByTheKeyOrByItsHashWhereItIsTooLong() {
        assertThat(BY_EXCHANGE.routingKey("k\u00fcche")).isEqualTo("k\u00fcche");
        assertThat(BY_EXCHANGE.routingKey(null)).isEmpty();
        assertThat(BY_EXCHANGE.routingKey("x".repeat(255))).hasSize(255);
        assertThat(BY_EXCHANGE.routingKey("x".repeat(256))).hasSize(64).matches("[0-9a-f]+");
        assertThat(BY_EXCHANGE.routingKey("\u00fc".repeat(128))).hasSize(64);
    }

    /** Other software does the same: this must not change. */
    @Test
    void theClientRoutesByTheCrc32OfTheKey() {
        assertThat(BY_CLIENT.routingKey("123456789")).isEqualTo(Long.toString(0xcbf43926L % 16));
        assertThat(BY_CLIENT.routingKey(null)).isEqualTo("0");
    }

    @Test
    void theClientSpreadsKeysEvenly() {
        assertThat(IntStream.range(0, 16_000)
                        .mapToObj(i -> BY_CLIENT.routingKey("order-" + i))
                        .collect(Collectors.groupingBy(key -> key, Collectors.counting()))
                        .values())
                .hasSize(16)
                .allSatisfy(count -> assertThat(count).isBetween(800L, 1200L));
    }

    @Test
    void aPartitionIsKnownByItsName() {
        assertThat(Partitions.isPartition("orders.12", "orders")).isTrue();
        assertThat(Partitions.isPartition("orders.dlq", "orders")).isFalse();
        assertThat(Partitions.isPartition("orders.", "orders")).isFalse();
        assertThat(Partitions.isPartition("orders", "orders")).isFalse();
    }

    @Test
    void aMissingPluginIsNamedWithBothWaysOut() {
        assertThat(PartitionedQueue.noPlugin("orders", "x-consistent-hash"))
                .hasMessageContaining("'orders'")
                .hasMessageContaining("rabbitmq-plugins enable rabbitmq_consistent_hash_exchange")
                .hasMessageContaining("waybill.rabbitmq.partitioner = client");
    }
}
