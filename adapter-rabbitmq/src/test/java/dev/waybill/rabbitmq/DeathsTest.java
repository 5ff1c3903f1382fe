package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.LongString;
import com.rabbitmq.client.impl.LongStringHelper;
import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Envelope;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DeathsTest {
    private static final byte[] BODY = {1, 2, 3};
    private static final Date TIME = new Date(1_700_000_000_000L);

    private static LongString text(String text) {
        return LongStringHelper.asLongString(text);
    }

    private static Map<String, Object> death(String queue, String reason, long count) {
        return Map.of("queue", text(queue), "reason", text(reason), "count", count, "time", TIME);
    }

    private static Map<String, Object> known(List<Object> deaths, String lastQueue) {
        Map<String, Object> known = new HashMap<>();
        known.put("x-death", deaths);
        known.put("x-last-death-queue", text(lastQueue));
        return known;
    }

    private static Envelopes.Received read(@Nullable Map<String, Object> headers) {
        return read(headers, OptionalInt.empty());
    }

    private static Envelopes.Received read(@Nullable Map<String, Object> headers, OptionalInt maxDeliveries) {
        AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                .messageId("id-1")
                .contentType("text/plain")
                .headers(headers)
                .build();
        return new Deaths("orders", maxDeliveries).read(properties, BODY);
    }

    private static Map<String, String> headers(Map<String, Object> known) {
        return read(known).envelope().headers();
    }

    @Test
    void whatTheServerMovedSaysWhyFromWhereAndWhen() {
        Map<String, Object> known = known(List.of(death("orders", "delivery_limit", 1)), "orders");
        known.put("tenant", text("acme"));
        known.put("waybill-key", text("k-1"));
        Envelope letter = read(known).envelope();
        assertThat(letter.headers())
                .containsOnly(
                        Map.entry("tenant", "acme"),
                        Map.entry(DeadLetterHeaders.REASON, "moved by RabbitMQ: delivery_limit"),
                        Map.entry(DeadLetterHeaders.QUEUE, "orders"),
                        Map.entry(DeadLetterHeaders.TIME, "1700000000000"));
        assertThat(letter.id()).isEqualTo("id-1");
        assertThat(letter.key()).isEqualTo("k-1");
        assertThat(letter.contentType()).isEqualTo("text/plain");
        assertThat(letter.body()).isSameAs(BODY);
    }

    @Test
    void theDelayLevelsThatItPassedThroughAreNoDeaths() {
        List<Object> deaths = List.of(
                death("waybill.delay-0", "expired", 1),
                death("orders", "rejected", 1),
                death("waybill.delay-3", "expired", 1));
        assertThat(headers(known(deaths, "orders")))
                .containsEntry(DeadLetterHeaders.REASON, "moved by RabbitMQ: rejected");
        assertThat(headers(known(deaths, "waybill.delay-0"))).isEmpty();
        assertThat(headers(known(List.of(deaths.get(0)), "orders"))).isEmpty();
    }

    @Test
    void aDeathInAnotherQueueIsNotOurs() {
        assertThat(headers(known(List.of(death("bills", "delivery_limit", 1)), "bills")))
                .isEmpty();
    }

    @Test
    void aDeathInAPartitionIsOneInItsQueue() {
        assertThat(headers(known(List.of(death("orders.12", "delivery_limit", 1)), "orders.12")))
                .containsEntry(DeadLetterHeaders.QUEUE, "orders");
        assertThat(headers(known(List.of(death("orders.dlq", "rejected", 1)), "orders.dlq")))
                .isEmpty();
    }

    @Test
    void anOlderServerNamesTheLastQueueInItsBookOnly() {
        Map<String, Object> known = known(List.of(death("orders", "rejected", 1)), "orders");
        known.remove("x-last-death-queue");
        assertThat(headers(known)).containsEntry(DeadLetterHeaders.QUEUE, "orders");
    }

    @Test
    void whatCoreMovedKeepsWhatItHas() {
        Map<String, Object> known = new HashMap<>();
        known.put(DeadLetterHeaders.REASON, text("no stock"));
        known.put(DeadLetterHeaders.TIME, text("5"));
        assertThat(headers(known))
                .containsOnly(Map.entry(DeadLetterHeaders.REASON, "no stock"), Map.entry(DeadLetterHeaders.TIME, "5"));
    }

    @Test
    void whatWasPutBackAsItWasAndDiedAgainTellsOfThatDeath() {
        Map<String, Object> known = known(List.of(death("orders", "delivery_limit", 1)), "orders");
        known.put(DeadLetterHeaders.REASON, text("no stock"));
        known.put(DeadLetterHeaders.EXCEPTION, text("java.lang.IllegalStateException"));
        assertThat(headers(known))
                .containsEntry(DeadLetterHeaders.REASON, "moved by RabbitMQ: delivery_limit")
                .doesNotContainKey(DeadLetterHeaders.EXCEPTION);
    }

    @Test
    void theTimeOfTheFirstOfSeveralDeathsIsNotThatOfTheLast() {
        assertThat(headers(known(List.of(death("orders", "rejected", 2)), "orders")))
                .containsKey(DeadLetterHeaders.REASON)
                .doesNotContainKey(DeadLetterHeaders.TIME);
    }

    @Test
    void whatDiedOfTheLimitHadAsManyDeliveriesAsThatAllows() {
        Map<String, Object> known = known(List.of(death("orders", "delivery_limit", 1)), "orders");
        assertThat(deliveries(known)).isEqualTo("4");
        // The letter's own deliveries, before 4.3.
        known.put("x-delivery-count", 1L);
        assertThat(deliveries(known)).isEqualTo("4");
        // From 4.3 on the number goes on.
        known.put("x-acquired-count", 1L);
        known.put("x-delivery-count", 6L);
        assertThat(deliveries(known)).isEqualTo("4");
    }

    @Test
    void theDeliveriesAreNotToldWhereTheLimitWasLowerOrIsNotKnownOrDidNotKill() {
        Map<String, Object> known = known(List.of(death("orders", "delivery_limit", 1)), "orders");
        assertThat(headers(known)).doesNotContainKey(DeadLetterHeaders.DELIVERIES);
        known.put("x-acquired-count", 3L);
        known.put("x-delivery-count", 3L);
        assertThat(deliveries(known)).isNull();
        assertThat(deliveries(known(List.of(death("orders", "expired", 1)), "orders")))
                .isNull();
    }

    private static @Nullable String deliveries(Map<String, Object> known) {
        return read(known, OptionalInt.of(4)).envelope().headers().get(DeadLetterHeaders.DELIVERIES);
    }

    @Test
    void aBookThatIsNoneIsNoDeathAndADefectStaysOne() {
        Map<String, Object> known = new HashMap<>();
        known.put("x-death", List.of("soon"));
        assertThat(headers(known)).isEmpty();
        known.put("x-death", text("soon"));
        assertThat(headers(known)).isEmpty();
        assertThat(read(null).defect()).isNull();
        Map<String, Object> forged = known(List.of(death("orders", "rejected", 1)), "orders");
        forged.put("waybill-sent-at", text("soon"));
        assertThat(read(forged).defect()).contains("soon");
    }
}
