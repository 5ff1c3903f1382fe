package dev.waybill.sqs;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.Outbound;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResultEntry;

/**
 * One batch on its way, as one request or, where it is too large once encoded, as several, one after the other. Each message is
 * reported once, by the request or by {@link #end}, whichever comes first.
 */
final class SendCall {
    private final SqsClient client;
    private final String queueUrl;
    private final @Nullable FifoIds ids;

    /** What is not reported yet; the index is the entry's id in the request. */
    private final AtomicReferenceArray<@Nullable Outbound> waiting;

    /** How many of them are in a request that has been started, and so may be stored. */
    private volatile int started;

    private volatile boolean ended;

    /** How a call went; the better first. */
    enum Reached {
        /** SQS answered each request. */
        ANSWERED,
        /** The connection of a request ended before its answer. */
        CUT_OFF,
        /** There was no connection to be had, or no answer in time. */
        NOWHERE
    }

    SendCall(SqsClient client, String queueUrl, @Nullable FifoIds ids, List<? extends Outbound> batch) {
        this.client = client;
        this.queueUrl = queueUrl;
        this.ids = ids;
        waiting = new AtomicReferenceArray<>(batch.toArray(new Outbound[0]));
    }

    /** How the worst of its requests went. */
    Reached run() {
        Reached worst = Reached.ANSWERED;
        List<SendMessageBatchRequestEntry> entries = new ArrayList<>(waiting.length());
        long bytes = 0;
        for (int i = 0; i < waiting.length(); i++) {
            Outbound message = waiting.get(i);
            if (message == null) {
                continue;
            }
            WireForm form = WireForm.of(message.envelope());
            long size = form.size();
            Optional<String> tooLarge = WireForm.tooLarge(size);
            if (tooLarge.isPresent()) {
                failed(i, Reason.TOO_LARGE, false, tooLarge.get(), null);
                continue;
            }
            // Core counts the plain bytes; as base64 they may be too many for one request.
            if (bytes + size > SqsSender.MAX_BYTES) {
                worst = worse(worst, request(entries, i));
                entries.clear();
                bytes = 0;
            }
            bytes += size;
            entries.add(entry(i, form, message));
        }
        return worse(worst, request(entries, waiting.length()));
    }

    private static Reached worse(Reached one, Reached other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private SendMessageBatchRequestEntry entry(int index, WireForm form, Outbound message) {
        long delayMillis = message.delayMillis();
        SendMessageBatchRequestEntry.Builder entry = SendMessageBatchRequestEntry.builder()
                .id(Integer.toString(index))
                .messageBody(form.body())
                // Nothing said is the queue's own delay, which an operator may have set.
                .delaySeconds(delayMillis > 0 ? WholeSeconds.up(delayMillis) : null)
                .messageAttributes(Map.of(
                        WireForm.ATTRIBUTE,
                        MessageAttributeValue.builder()
                                .dataType("String")
                                .stringValue(form.attribute())
                                .build()));
        if (ids != null) {
            entry.messageGroupId(ids.group(message.envelope())).messageDeduplicationId(ids.deduplication(message));
        }
        return entry.build();
    }

    /** @param end the first message after those that are in it or before it */
    private Reached request(List<SendMessageBatchRequestEntry> entries, int end) {
        if (entries.isEmpty()) {
            return Reached.ANSWERED;
        }
        // In this order: either this sees that the call is ended, or who ends it sees that the request is started.
        started = end;
        if (ended) {
            return Reached.ANSWERED;
        }
        SendMessageBatchResponse response;
        try {
            response = client.sendMessageBatch(r -> r.queueUrl(queueUrl).entries(entries));
        } catch (RuntimeException failure) {
            Reason reason = Faults.reason(failure);
            boolean maybeStored = Faults.maybeStored(failure);
            String detail = Faults.describe(failure);
            // Without what the SDK's exception may tell of the signature.
            Throwable cause = Faults.of(failure).getCause();
            entries.forEach(entry -> failed(index(entry.id()), reason, maybeStored, detail, cause));
            if (reason == Reason.CONNECTION_LOST) {
                return maybeStored ? Reached.CUT_OFF : Reached.NOWHERE;
            }
            return reason == Reason.TIMED_OUT ? Reached.NOWHERE : Reached.ANSWERED;
        }
        for (SendMessageBatchResultEntry stored : response.successful()) {
            Outbound message = waiting.getAndSet(index(stored.id()), null);
            if (message != null) {
                message.stored();
            }
        }
        for (BatchResultErrorEntry refused : response.failed()) {
            // An entry that SQS answers as failed is not in the queue, whoever is at fault.
            String detail = refused.code() + ": " + refused.message();
            failed(index(refused.id()), Faults.reason(refused.code()), false, detail, null);
        }
        for (SendMessageBatchRequestEntry entry : entries) {
            failed(index(entry.id()), Reason.REJECTED, true, "SQS's answer does not mention it", null);
        }
        return Reached.ANSWERED;
    }

    private static int index(String id) {
        return Integer.parseInt(id);
    }

    private void failed(int index, Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
        Outbound message = waiting.getAndSet(index, null);
        if (message != null) {
            message.failed(reason, maybeStored, detail, cause);
        }
    }

    /** Reports as failed whatever is not reported. */
    void end(Reason reason, String why) {
        ended = true;
        for (int i = 0; i < waiting.length(); i++) {
            failed(i, reason, i < started, why, null);
        }
    }
}
