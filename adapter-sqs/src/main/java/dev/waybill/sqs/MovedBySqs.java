package dev.waybill.sqs;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Envelope;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/**
 * A dead letter that SQS itself moved, by a redrive policy. SQS says which queue it came from. It does not say when it moved it, nor how
 * often it had been received before: its count goes on in the dead-letter queue, and the policy may have been another then.
 */
final class MovedBySqs {
    static final String REASON = "moved by SQS: received as often as maxReceiveCount allows, and not deleted";

    private MovedBySqs() {}

    /** The envelope with what SQS knows of its death; as it is, if SQS did not move it or if it tells by itself why it died. */
    static Envelope told(Envelope envelope, Message message) {
        @Nullable String source = message.attributes().get(MessageSystemAttributeName.DEAD_LETTER_QUEUE_SOURCE_ARN);
        if (source == null || envelope.headers().containsKey(DeadLetterHeaders.REASON)) {
            return envelope;
        }
        Map<String, String> headers = new LinkedHashMap<>(envelope.headers());
        headers.put(DeadLetterHeaders.REASON, REASON);
        headers.put(DeadLetterHeaders.QUEUE, Topology.queueOf(source.substring(source.lastIndexOf(':') + 1)));
        return new Envelope(
                envelope.id(),
                envelope.key(),
                envelope.contentType(),
                envelope.sentAtMillis(),
                Collections.unmodifiableMap(headers),
                envelope.body());
    }
}
