package dev.waybill.sqs;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.TimeSource;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/** A message with its receipt handle, which is good until the visibility timeout ends. */
final class SqsInbound implements Inbound {
    private final Envelope envelope;
    private final @Nullable String defect;
    private final int deliveryCount;
    private final TimeSource time;
    private volatile long lockedUntil;
    final String receiptHandle;

    SqsInbound(Message message, long lockedUntil, TimeSource time) {
        this.lockedUntil = lockedUntil;
        this.time = time;
        receiptHandle = message.receiptHandle();
        String count = message.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT);
        deliveryCount = count == null ? 1 : Integer.parseInt(count);
        MessageAttributeValue attribute = message.messageAttributes().get(WireForm.ATTRIBUTE);
        Envelope read;
        String wrong = null;
        if (attribute == null) {
            read = foreign(message);
        } else {
            try {
                read = new WireForm(message.body(), String.valueOf(attribute.stringValue())).envelope();
            } catch (WireForm.Malformed malformed) {
                read = foreign(message);
                wrong = malformed.getMessage();
            }
        }
        envelope = read;
        defect = wrong;
    }

    /** What other software sent: its body, SQS's id and time, and its text attributes as headers. */
    private static Envelope foreign(Message message) {
        Map<String, String> headers = new LinkedHashMap<>();
        message.messageAttributes().forEach((name, value) -> {
            if (value.stringValue() != null && !name.equals(WireForm.ATTRIBUTE)) {
                headers.put(name, value.stringValue());
            }
        });
        String sent = message.attributes().get(MessageSystemAttributeName.SENT_TIMESTAMP);
        return new Envelope(
                message.messageId(),
                null,
                null,
                sent == null ? 0 : Long.parseLong(sent),
                Map.copyOf(headers),
                message.body().getBytes(StandardCharsets.UTF_8));
    }

    void lockedUntil(long nanos) {
        lockedUntil = nanos;
    }

    @Override
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public int deliveryCount() {
        return deliveryCount;
    }

    @Override
    public boolean redelivered() {
        return deliveryCount > 1;
    }

    @Override
    public long lockedUntilNanos() {
        return lockedUntil;
    }

    @Override
    public boolean lost() {
        return time.nanos() - lockedUntil >= 0;
    }

    @Override
    public @Nullable String defect() {
        return defect;
    }
}
