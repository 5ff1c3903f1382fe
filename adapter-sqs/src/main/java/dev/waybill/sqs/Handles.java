package dev.waybill.sqs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;

/** What can be asked of SQS for up to ten receipt handles; it answers with those it refuses, whose ids are indexes. */
final class Handles {
    /** Much shorter than a lock usually is, so that core can try again while it lasts. */
    private static final AwsRequestOverrideConfiguration BOUNDED = AwsRequestOverrideConfiguration.builder()
            .apiCallTimeout(Duration.ofSeconds(10))
            .build();

    private final SqsClient client;
    private final String queueUrl;

    Handles(SqsClient client, String queueUrl) {
        this.client = client;
        this.queueUrl = queueUrl;
    }

    List<BatchResultErrorEntry> delete(List<String> handles) {
        List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>(handles.size());
        for (String handle : handles) {
            entries.add(DeleteMessageBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .receiptHandle(handle)
                    .build());
        }
        return client.deleteMessageBatch(
                        r -> r.queueUrl(queueUrl).entries(entries).overrideConfiguration(BOUNDED))
                .failed();
    }

    /** @param seconds for each handle, how long from now on nobody else is to receive the message */
    List<BatchResultErrorEntry> changeVisibility(List<String> handles, List<Integer> seconds) {
        List<ChangeMessageVisibilityBatchRequestEntry> entries = new ArrayList<>(handles.size());
        for (String handle : handles) {
            entries.add(ChangeMessageVisibilityBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .receiptHandle(handle)
                    .visibilityTimeout(seconds.get(entries.size()))
                    .build());
        }
        return client.changeMessageVisibilityBatch(
                        r -> r.queueUrl(queueUrl).entries(entries).overrideConfiguration(BOUNDED))
                .failed();
    }
}
