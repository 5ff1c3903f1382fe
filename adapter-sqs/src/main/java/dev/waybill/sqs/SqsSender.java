package dev.waybill.sqs;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResultEntry;

/** Sends batches, each as one request on a thread of its own, and reports entry by entry. */
final class SqsSender implements Sender {
    static final int MAX_BATCH = 10;
    static final long MAX_BYTES = 1L << 20;

    private final SqsClient client;
    private final String queueUrl;
    private final Executor blocking;
    private volatile boolean closed;

    SqsSender(SqsClient client, String queueUrl, Executor blocking) {
        this.client = client;
        this.queueUrl = queueUrl;
        this.blocking = blocking;
    }

    /** What one request takes. */
    private static final class Request {
        final List<Outbound> messages = new ArrayList<>(MAX_BATCH);
        final List<SendMessageBatchRequestEntry> entries = new ArrayList<>(MAX_BATCH);
        long bytes;
    }

    @Override
    public void send(List<? extends Outbound> batch) {
        Request request = new Request();
        for (int i = 0; i < batch.size(); i++) {
            Outbound message = batch.get(i);
            WireForm form = WireForm.of(message.envelope());
            long size = form.size();
            if (size > MAX_BYTES) {
                message.failed(
                        Reason.TOO_LARGE,
                        false,
                        "as SQS counts it has " + size + " bytes, but SQS takes " + MAX_BYTES,
                        null);
                continue;
            }
            // Core counts the plain bytes; as base64 they may be too many for one request.
            if (request.bytes + size > MAX_BYTES) {
                start(request);
                request = new Request();
            }
            request.bytes += size;
            request.entries.add(entry(request.messages.size(), form));
            request.messages.add(message);
        }
        if (!request.messages.isEmpty()) {
            start(request);
        }
    }

    private static SendMessageBatchRequestEntry entry(int index, WireForm form) {
        return SendMessageBatchRequestEntry.builder()
                .id(Integer.toString(index))
                .messageBody(form.body())
                .messageAttributes(Map.of(
                        WireForm.ATTRIBUTE,
                        MessageAttributeValue.builder()
                                .dataType("String")
                                .stringValue(form.attribute())
                                .build()))
                .build();
    }

    private void start(Request request) {
        blocking.execute(() -> {
            try {
                SendMessageBatchResponse response =
                        client.sendMessageBatch(r -> r.queueUrl(queueUrl).entries(request.entries));
                for (SendMessageBatchResultEntry stored : response.successful()) {
                    request.messages.get(Integer.parseInt(stored.id())).stored();
                }
                for (BatchResultErrorEntry failed : response.failed()) {
                    report(request.messages.get(Integer.parseInt(failed.id())), failed);
                }
            } catch (RuntimeException failure) {
                Reason reason = closed ? Reason.CLOSED : Faults.reason(failure);
                boolean maybeStored = Faults.maybeStored(failure);
                String detail = Faults.describe(failure);
                request.messages.forEach(message -> message.failed(reason, maybeStored, detail, failure));
            }
        });
    }

    /** An entry that SQS answers as failed is not in the queue, whoever is at fault. */
    private static void report(Outbound message, BatchResultErrorEntry failed) {
        Reason reason = String.valueOf(failed.code()).contains("TooLong") ? Reason.TOO_LARGE : Reason.REJECTED;
        message.failed(reason, false, failed.code() + ": " + failed.message(), null);
    }

    /** There is no connection that could be lost for good. */
    @Override
    public boolean usable() {
        return true;
    }

    /** Requests under way end by themselves, within the send timeout, and report. */
    @Override
    public void close() {
        closed = true;
    }
}
