package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Envelope;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

class MovedBySqsTest {
    private static Message from(String arn) {
        return Message.builder()
                .attributes(Map.of(MessageSystemAttributeName.DEAD_LETTER_QUEUE_SOURCE_ARN, arn))
                .build();
    }

    private static Envelope envelope(Map<String, String> headers) {
        return new Envelope("id", "key", "text/plain", 7, headers, "m".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void what_sqs_moved_tells_the_queue_and_that_sqs_moved_it_and_no_more() {
        Envelope told =
                MovedBySqs.told(envelope(Map.of("tenant", "acme")), from("arn:aws:sqs:eu-west-1:123456789012:orders"));
        assertThat(told.headers())
                .isEqualTo(Map.of(
                        "tenant",
                        "acme",
                        DeadLetterHeaders.QUEUE,
                        "orders",
                        DeadLetterHeaders.REASON,
                        MovedBySqs.REASON));
        assertThat(told).usingRecursiveComparison().ignoringFields("headers").isEqualTo(envelope(Map.of()));
    }

    @Test
    void what_tells_why_it_died_keeps_what_it_has() {
        Envelope letter = envelope(Map.of(DeadLetterHeaders.REASON, "no stock", DeadLetterHeaders.QUEUE, "returns"));
        assertThat(MovedBySqs.told(letter, from("arn:aws:sqs:eu-west-1:123456789012:orders")))
                .isSameAs(letter);
    }

    @Test
    void what_sqs_did_not_move_stays_as_it_is() {
        Envelope letter = envelope(Map.of("tenant", "acme"));
        assertThat(MovedBySqs.told(letter, Message.builder().build())).isSameAs(letter);
    }
}
