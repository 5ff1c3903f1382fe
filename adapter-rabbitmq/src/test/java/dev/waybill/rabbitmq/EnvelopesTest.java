package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.impl.LongStringHelper;
import dev.waybill.spi.Envelope;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvelopesTest {
    private static final byte[] BODY = {1, 2, 3};

    @Test
    void everyPartComesBackAsItWent() {
        Envelope envelope = new Envelope(
                "id-1", "customer-7", "application/json", 1_700_000_000_123L, Map.of("a", "1", "b", ""), BODY);
        assertThat(thereAndBack(envelope)).matches(back -> Envelopes.same(envelope, back));
    }

    @Test
    void absentPartsComeBackAbsent() {
        Envelope back = thereAndBack(new Envelope("id-1", null, null, 0, Map.of(), BODY));
        assertThat(back.key()).isNull();
        assertThat(back.contentType()).isNull();
        assertThat(back.sentAtMillis()).isZero();
        assertThat(back.headers()).isEmpty();
        assertThat(back.body()).isSameAs(BODY);
    }

    @Test
    void messagesAreKeptOnDisk() {
        assertThat(Envelopes.properties(message(Map.of())).getDeliveryMode()).isEqualTo(2);
    }

    @Test
    void anIdTooLongForAPropertyTravelsAsAHeader() {
        String id = "é".repeat(128);
        Envelope envelope = new Envelope(id, null, null, 0, Map.of(), BODY);
        assertThat(Envelopes.properties(envelope).getMessageId()).isNull();
        assertThat(thereAndBack(envelope).id()).isEqualTo(id);
    }

    @Test
    void headersThatTheServerWouldTakeForItsOwnAreEscaped() {
        Map<String, String> headers = Map.of(
                "CC", "other",
                "BCC", "other",
                "x-delivery-count", "99",
                "x-acquired-count", "99",
                "x-death", "none",
                "x-first-death-queue", "q",
                "x-last-death-reason", "r");
        Envelope envelope = message(headers);
        assertThat(Envelopes.properties(envelope).getHeaders())
                .doesNotContainKeys(headers.keySet().toArray(String[]::new));
        assertThat(thereAndBack(envelope).headers()).isEqualTo(headers);
    }

    @Test
    void theServersOwnHeadersAreNotTheApplications() {
        Map<String, Object> headers = new HashMap<>();
        headers.put("x-death", List.of(Map.of("reason", "expired")));
        headers.put("x-first-death-reason", "expired");
        headers.put("x-last-death-queue", "q");
        headers.put("x-delivery-count", 3L);
        headers.put("x-acquired-count", 4L);
        headers.put("CC", List.of("other"));
        headers.put("x-mine", LongStringHelper.asLongString("kept"));
        assertThat(received(headers).headers()).containsExactly(Map.entry("x-mine", "kept"));
    }

    @Test
    void foreignHeadersOfAnyTypeBecomeText() {
        Map<String, Object> headers = new HashMap<>();
        headers.put("number", 42);
        headers.put("truth", true);
        headers.put("nothing", null);
        headers.put("date", Date.from(Instant.parse("2026-01-02T03:04:05Z")));
        headers.put("bytes", new byte[] {1, 2, 3});
        headers.put("list", List.of(LongStringHelper.asLongString("a"), 1));
        headers.put("table", Map.of("k", LongStringHelper.asLongString("v")));
        assertThat(received(headers).headers())
                .containsEntry("number", "42")
                .containsEntry("truth", "true")
                .containsEntry("nothing", "")
                .containsEntry("date", "2026-01-02T03:04:05Z")
                .containsEntry("bytes", "AQID")
                .containsEntry("list", "[a, 1]")
                .containsEntry("table", "{k=v}");
    }

    @Test
    void aForeignMessageWithoutAnythingIsReadable() {
        Envelopes.Received received = Envelopes.envelope(new AMQP.BasicProperties(), BODY);
        assertThat(received.defect()).isNull();
        assertThat(received.envelope().id()).isNotEmpty();
        assertThat(received.envelope().headers()).isEmpty();
    }

    @Test
    void twoForeignMessagesThatAreAlikeHaveDifferentIds() {
        AMQP.BasicProperties properties = new AMQP.BasicProperties();
        assertThat(Envelopes.envelope(properties, BODY).envelope().id())
                .isNotEqualTo(Envelopes.envelope(properties, BODY).envelope().id());
    }

    @Test
    void theTimestampOfAForeignMessageIsItsTimeOfSending() {
        AMQP.BasicProperties properties =
                new AMQP.BasicProperties.Builder().timestamp(new Date(5000)).build();
        assertThat(Envelopes.envelope(properties, BODY).envelope().sentAtMillis())
                .isEqualTo(5000);
    }

    @Test
    void aForgedTimeOfSendingIsADefectAndTheBodyStays() {
        AMQP.BasicProperties properties = properties(Map.of("waybill-sent-at", LongStringHelper.asLongString("soon")));
        Envelopes.Received received = Envelopes.envelope(properties, BODY);
        assertThat(received.defect()).contains("waybill-sent-at").contains("soon");
        assertThat(received.envelope().body()).isSameAs(BODY);
    }

    @Test
    void aDelayedMessageSaysWhenItIsDueAndIsLateOnlyIfItLeftLate() {
        Envelope envelope = message(Map.of("a", "1"));
        AMQP.BasicProperties properties = Envelopes.properties(envelope, 5000, -1);
        assertThat(Envelopes.envelope(properties, BODY)).satisfies(back -> {
            assertThat(back.envelope().headers()).isEqualTo(envelope.headers());
            assertThat(back.late()).isFalse();
        });
        Map<String, Object> headers = new HashMap<>(properties.getHeaders());
        Map<String, Object> left = Map.of("queue", "waybill.delay-0", "time", new Date(8000));
        headers.put("x-death", List.of(left));
        assertThat(Envelopes.envelope(properties(headers), BODY).late()).isTrue();
        headers.remove("waybill-due-at");
        assertThat(Envelopes.envelope(properties(headers), BODY).late()).isFalse();
    }

    @Test
    void theDeliveryCountIsOneMoreThanTheFailuresThatTheServerCounted() {
        assertThat(Envelopes.deliveryCount(properties(Map.of("x-delivery-count", 3L)), true))
                .isEqualTo(4);
        assertThat(Envelopes.deliveryCount(properties(Map.of()), true)).isEqualTo(1);
        assertThat(Envelopes.deliveryCount(new AMQP.BasicProperties(), true)).isEqualTo(1);
    }

    @Test
    void aForgedDeliveryCountIsNotBelieved() {
        assertThat(Envelopes.deliveryCount(properties(Map.of("x-delivery-count", 25L)), false))
                .isEqualTo(1);
        assertThat(Envelopes.deliveryCount(properties(Map.of("x-delivery-count", "many")), true))
                .isEqualTo(1);
        assertThat(Envelopes.deliveryCount(properties(Map.of("x-delivery-count", Long.MAX_VALUE)), true))
                .isPositive();
        assertThat(Envelopes.deliveryCount(properties(Map.of("x-delivery-count", -7)), true))
                .isEqualTo(1);
    }

    private static Envelope message(Map<String, String> headers) {
        return new Envelope("id", null, null, 1, headers, BODY);
    }

    private static Envelope thereAndBack(Envelope envelope) {
        Envelopes.Received received = Envelopes.envelope(Envelopes.properties(envelope), envelope.body());
        assertThat(received.defect()).isNull();
        return received.envelope();
    }

    private static AMQP.BasicProperties properties(Map<String, Object> headers) {
        return new AMQP.BasicProperties.Builder().headers(headers).build();
    }

    private static Envelope received(Map<String, Object> headers) {
        return Envelopes.envelope(properties(headers), BODY).envelope();
    }
}
