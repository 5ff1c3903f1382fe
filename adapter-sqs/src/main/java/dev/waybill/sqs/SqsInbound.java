package dev.waybill.sqs;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.TimeSource;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
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
    private final String receiptHandle;
    private final long receivedNanos;
    private final Extensions extensions = new Extensions();
    private volatile long lockedUntil;

    /**
     * @param mostCounted the highest count of deliveries that means anything
     * @param receivedNanos when SQS handed it out, rather too early than too late
     * @param lockNanos how long it is locked from then on
     */
    SqsInbound(Message message, int mostCounted, long receivedNanos, long lockNanos, TimeSource time) {
        this.receivedNanos = receivedNanos;
        this.time = time;
        lockedUntil = receivedNanos + lockNanos;
        receiptHandle = message.receiptHandle();
        deliveryCount = (int) Math.min(
                mostCounted, Math.max(1, number(message, MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT)));
        MessageAttributeValue attribute = message.messageAttributes().get(WireForm.ATTRIBUTE);
        Envelope read;
        String wrong = null;
        if (attribute == null) {
            read = foreign(message);
        } else {
            try {
                read = new WireForm(message.body(), text(attribute)).envelope();
            } catch (WireForm.MalformedException malformed) {
                read = foreign(message);
                wrong = malformed.getMessage();
            }
        }
        envelope = MovedBySqs.told(read, message);
        defect = wrong;
    }

    private static String text(MessageAttributeValue attribute) throws WireForm.MalformedException {
        String text = attribute.stringValue();
        if (text == null) {
            throw new WireForm.MalformedException(
                    "attribute '" + WireForm.ATTRIBUTE + "' is of the type " + attribute.dataType());
        }
        return text;
    }

    /** What other software sent: its body, SQS's id and time, and its text attributes as headers. */
    private static Envelope foreign(Message message) {
        Map<String, String> headers = new LinkedHashMap<>();
        message.messageAttributes().forEach((name, value) -> {
            if (value.stringValue() != null) {
                headers.put(name, value.stringValue());
            }
        });
        return new Envelope(
                message.messageId(),
                null,
                null,
                number(message, MessageSystemAttributeName.SENT_TIMESTAMP),
                Collections.unmodifiableMap(headers),
                message.body().getBytes(StandardCharsets.UTF_8));
    }

    /** A number that SQS tells, or 0. */
    private static long number(Message message, MessageSystemAttributeName name) {
        String text = message.attributes().get(name);
        return text == null ? 0 : Long.parseLong(text);
    }

    String receiptHandle() {
        return receiptHandle;
    }

    long receivedNanos() {
        return receivedNanos;
    }

    Extensions extensions() {
        return extensions;
    }

    void lockedUntil(long nanos) {
        lockedUntil = nanos;
    }

    /**
     * SQS has answered that it keeps the lock until then. False if the lock had ended before the answer: SQS does not tell whether it
     * took the request before that, or when another had received the message.
     */
    boolean extendedUntil(long nanos) {
        if (lost()) {
            return false;
        }
        lockedUntil = nanos;
        return true;
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
