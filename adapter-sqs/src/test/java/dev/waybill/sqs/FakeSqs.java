package dev.waybill.sqs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequest;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchResponse;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequest;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequest;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResultEntry;

/** A client whose answers a test writes, for what no server does on demand. */
final class FakeSqs implements SqsClient {
    final List<SendMessageBatchRequest> sends = new CopyOnWriteArrayList<>();

    /** Each change or deletion, as {@code delete r1} or {@code r1 for 30 s}. */
    final List<String> settlements = new CopyOnWriteArrayList<>();

    /** How many entries each change request had. */
    final List<Integer> changes = new CopyOnWriteArrayList<>();

    final List<ReceiveMessageRequest> polls = new CopyOnWriteArrayList<>();

    /** By entry: null stores it. */
    volatile Function<SendMessageBatchRequestEntry, BatchResultErrorEntry> refusesSend = entry -> null;

    /** By receipt handle and entry id: null takes it. */
    volatile Refusal refuses = (handle, id) -> null;

    volatile Function<ReceiveMessageRequest, List<Message>> messages = request -> List.of();

    interface Refusal {
        BatchResultErrorEntry of(String handle, String id);
    }

    static BatchResultErrorEntry error(String id, boolean senderFault, String code, String message) {
        return BatchResultErrorEntry.builder()
                .id(id)
                .senderFault(senderFault)
                .code(code)
                .message(message)
                .build();
    }

    static Message message(String handle) {
        return Message.builder()
                .messageId("id-" + handle)
                .receiptHandle(handle)
                .body("body of " + handle)
                .attributesWithStrings(Map.of(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT.toString(), "1"))
                .build();
    }

    @Override
    public SendMessageBatchResponse sendMessageBatch(SendMessageBatchRequest request) {
        sends.add(request);
        SendMessageBatchResponse.Builder response = SendMessageBatchResponse.builder();
        List<BatchResultErrorEntry> failed = new ArrayList<>();
        List<SendMessageBatchResultEntry> stored = new ArrayList<>();
        for (SendMessageBatchRequestEntry entry : request.entries()) {
            BatchResultErrorEntry refusal = refusesSend.apply(entry);
            if (refusal == null) {
                stored.add(SendMessageBatchResultEntry.builder().id(entry.id()).build());
            } else if (refusal.code() != null) {
                failed.add(refusal);
            }
        }
        return response.successful(stored).failed(failed).build();
    }

    @Override
    public ReceiveMessageResponse receiveMessage(ReceiveMessageRequest request) {
        polls.add(request);
        return ReceiveMessageResponse.builder()
                .messages(messages.apply(request))
                .build();
    }

    @Override
    public DeleteMessageBatchResponse deleteMessageBatch(DeleteMessageBatchRequest request) {
        List<BatchResultErrorEntry> failed = new ArrayList<>();
        request.entries().forEach(entry -> {
            settlements.add("delete " + entry.receiptHandle());
            BatchResultErrorEntry refusal = refuses.of(entry.receiptHandle(), entry.id());
            if (refusal != null) {
                failed.add(refusal);
            }
        });
        return DeleteMessageBatchResponse.builder().failed(failed).build();
    }

    @Override
    public ChangeMessageVisibilityBatchResponse changeMessageVisibilityBatch(
            ChangeMessageVisibilityBatchRequest request) {
        changes.add(request.entries().size());
        List<BatchResultErrorEntry> failed = new ArrayList<>();
        request.entries().forEach(entry -> {
            settlements.add(entry.receiptHandle() + " for " + entry.visibilityTimeout() + " s");
            BatchResultErrorEntry refusal = refuses.of(entry.receiptHandle(), entry.id());
            if (refusal != null) {
                failed.add(refusal);
            }
        });
        return ChangeMessageVisibilityBatchResponse.builder().failed(failed).build();
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}
}
