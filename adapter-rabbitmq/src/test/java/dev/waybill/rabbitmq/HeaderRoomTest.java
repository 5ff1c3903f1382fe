package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.spi.Envelope;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HeaderRoomTest {
    private static final byte[] BODY = {1, 2, 3};

    /** For the application 13,000 bytes, with core's 14,000. */
    private final HeaderRoom room = HeaderRoom.of(16_000);

    private static Envelope with(Map<String, String> headers) {
        return new Envelope("id", null, null, 0, headers, BODY);
    }

    @Test
    void roomIsLeftToTheServerAndToCore() {
        assertThat(room).isEqualTo(new HeaderRoom(14_000, 13_000));
        assertThat(HeaderRoom.of(0)).isEqualTo(new HeaderRoom(Long.MAX_VALUE, Long.MAX_VALUE));
    }

    @Test
    void anApplicationsHeadersThatLeaveNoRoomAreRefused() {
        assertThat(room.refusal(with(Map.of("a", "x".repeat(12_800))))).isNull();
        assertThat(room.refusal(with(Map.of("a", "x".repeat(13_000))))).contains("but RabbitMQ takes 13000");
    }

    @Test
    void whatCoreAddsHasItsOwnRoom() {
        Map<String, String> headers = new HashMap<>(Map.of("a", "x".repeat(12_800)));
        headers.put("waybill-death-reason", "y".repeat(900));
        assertThat(room.refusal(with(headers))).isNull();
        headers.put("waybill-death-stack", "y".repeat(900));
        assertThat(room.refusal(with(headers))).contains("with at most 14000");
    }

    @Test
    void whatTheServerCouldNotDeliverAgainIsADefect() {
        assertThat(room.defect(with(Map.of("a", "x".repeat(13_800))))).isNull();
        assertThat(room.defect(with(Map.of("a", "x".repeat(14_000))))).contains("with at most 14000");
    }

    @Test
    void theLargestHeadersOfADeadLetterAreCutUntilItFits() {
        Map<String, String> headers = Map.of(
                "huge", "h".repeat(9_000), "large", "l".repeat(5_000), "tenant", "acme", "waybill-death-reason", "why");
        Envelope letter = room.fitting(with(headers));
        assertThat(letter.body()).isSameAs(BODY);
        assertThat(letter.headers())
                .containsEntry("huge", "h".repeat(64))
                .containsEntry("large", "l".repeat(5_000))
                .containsEntry("tenant", "acme")
                .containsEntry("waybill-death-reason", "why")
                .containsEntry("waybill-cut", "huge");
        assertThat(room.refusal(letter)).isNull();
    }

    @Test
    void aDeadLetterThatFitsStaysAsItIs() {
        Envelope letter = with(Map.of("a", "x".repeat(12_800)));
        assertThat(room.fitting(letter)).isSameAs(letter);
    }
}
