package dev.waybill.sqs;

import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;

/** Asks one queue for messages. */
final class Poller {
    static final int MAX_RECEIVE = 10;

    private static final List<MessageSystemAttributeName> TOLD =
            List.of(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT, MessageSystemAttributeName.SENT_TIMESTAMP);

    private static final List<MessageSystemAttributeName> TOLD_OF_DEAD = List.of(
            MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT,
            MessageSystemAttributeName.SENT_TIMESTAMP,
            MessageSystemAttributeName.DEAD_LETTER_QUEUE_SOURCE_ARN);

    private final SqsClient client;
    private final String queueUrl;
    private final long lockNanos;
    /** So that half of the lock is left of what comes at the end of a wait. */
    private final long longestSeconds;

    private final Duration slowest;
    private final List<MessageSystemAttributeName> told;
    private final int mostCounted;
    private final TimeSource time;

    /**
     * @param lock in whole seconds
     * @param slowest how much longer than it waits for messages a poll may take
     * @param dead whether it is a dead-letter queue, where SQS also tells what it has moved there itself
     * @param mostCounted the highest count of deliveries that means anything
     */
    Poller(
            SqsClient client,
            String queueUrl,
            Duration lock,
            Duration slowest,
            boolean dead,
            int mostCounted,
            TimeSource time) {
        this.client = client;
        this.queueUrl = queueUrl;
        this.slowest = slowest;
        told = dead ? TOLD_OF_DEAD : TOLD;
        this.mostCounted = mostCounted;
        this.time = time;
        lockNanos = lock.toNanos();
        longestSeconds = Math.max(1, Math.min(HttpPool.LONGEST_POLL.toSeconds(), lock.toSeconds() / 2));
    }

    /** @param seconds how long SQS is to wait for messages, if there are none */
    List<SqsInbound> poll(int max, long seconds) {
        Duration wait = Duration.ofSeconds(Math.min(seconds, longestSeconds));
        ReceiveMessageRequest request = ReceiveMessageRequest.builder()
                .queueUrl(queueUrl)
                .maxNumberOfMessages(Math.min(max, MAX_RECEIVE))
                .waitTimeSeconds((int) wait.toSeconds())
                // The queue's own may differ: that of a dead-letter queue does.
                .visibilityTimeout((int) Duration.ofNanos(lockNanos).toSeconds())
                .messageSystemAttributeNames(told)
                .messageAttributeNames("All")
                .overrideConfiguration(o -> o.apiCallTimeout(wait.plus(slowest)))
                .build();
        long asked = time.nanos();
        List<Message> messages = client.receiveMessage(request).messages();
        if (messages.isEmpty()) {
            return List.of();
        }
        long received = handedOut(asked, time.nanos(), wait);
        List<SqsInbound> inbound = new ArrayList<>(messages.size());
        for (Message message : messages) {
            inbound.add(new SqsInbound(message, mostCounted, received, lockNanos, time));
        }
        return inbound;
    }

    /**
     * When the locks began. SQS does not tell; certainly not before it was asked, and the answer may have lain here while this process
     * stood still. Only a lock that is no longer than the shortest wait would be over by that.
     */
    private long handedOut(long asked, long answered, Duration wait) {
        return wait.toNanos() < lockNanos ? asked : answered - lockNanos / 4;
    }
}
