package dev.waybill.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;

/** What is done with the messages of one queue; each is one request for all that a poll brought. */
final class PlainSqsSteps {
    private static final String SENT_AT = ";t=";
    private static final String ID = ";i=";

    private final SqsClient client;
    private final String url;

    PlainSqsSteps(SqsClient client, String url) {
        this.client = client;
        this.url = url;
    }

    /** Hands them to the handler, and deletes them. */
    PlainSqsConsumers.Step handling(Contender.Handler handler) {
        return new PlainSqsConsumers.Step() {
            @Override
            public void take(Message message) {
                handle(message, handler);
            }

            @Override
            public void settle(List<Message> messages) {
                delete(messages);
            }
        };
    }

    /** Makes each visible again the first time. */
    PlainSqsConsumers.Step failingOnce(Contender.Handler handler) {
        return new PlainSqsConsumers.Step() {
            @Override
            public void take(Message message) {
                if (!first(message)) {
                    handle(message, handler);
                }
            }

            @Override
            public void settle(List<Message> messages) {
                giveBack(messages.stream().filter(PlainSqsSteps::first).toList());
                delete(messages.stream().filter(message -> !first(message)).toList());
            }
        };
    }

    /** Sends them to another queue, and deletes them when that has them. */
    PlainSqsConsumers.Step moving(String to, UnaryOperator<String> attribute, Span moved) {
        return new PlainSqsConsumers.Step() {
            @Override
            public void take(Message message) {}

            @Override
            public void settle(List<Message> messages) {
                try {
                    send(messages, to, attribute);
                    delete(messages);
                    messages.forEach(message -> moved.done());
                } catch (RuntimeException failed) {
                    moved.fail(failed);
                }
            }
        };
    }

    private static boolean first(Message message) {
        return "1".equals(message.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT));
    }

    private static void handle(Message message, Contender.Handler handler) {
        String attribute = attribute(message);
        handler.handle(field(attribute, ID), Long.parseLong(field(attribute, SENT_AT)), Body.bytes(message.body()));
    }

    private static String attribute(Message message) {
        return Objects.requireNonNull(message.messageAttributes().get(PlainSqs.ATTRIBUTE), PlainSqs.ATTRIBUTE)
                .stringValue();
    }

    private static String field(String attribute, String name) {
        int start = attribute.indexOf(name) + name.length();
        int end = attribute.indexOf(';', start);
        return attribute.substring(start, end < 0 ? attribute.length() : end);
    }

    private void send(List<Message> messages, String to, UnaryOperator<String> attribute) {
        List<SendMessageBatchRequestEntry> entries = new ArrayList<>(messages.size());
        for (Message message : messages) {
            entries.add(SendMessageBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .messageBody(message.body())
                    .messageAttributes(Map.of(
                            PlainSqs.ATTRIBUTE,
                            MessageAttributeValue.builder()
                                    .dataType("String")
                                    .stringValue(attribute.apply(attribute(message)))
                                    .build()))
                    .build());
        }
        check(client.sendMessageBatch(r -> r.queueUrl(to).entries(entries)).failed());
    }

    private void delete(List<Message> messages) {
        List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>(messages.size());
        for (Message message : messages) {
            entries.add(DeleteMessageBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .receiptHandle(message.receiptHandle())
                    .build());
        }
        if (!entries.isEmpty()) {
            check(client.deleteMessageBatch(r -> r.queueUrl(url).entries(entries))
                    .failed());
        }
    }

    private void giveBack(List<Message> messages) {
        List<ChangeMessageVisibilityBatchRequestEntry> entries = new ArrayList<>(messages.size());
        for (Message message : messages) {
            entries.add(ChangeMessageVisibilityBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .receiptHandle(message.receiptHandle())
                    .visibilityTimeout(0)
                    .build());
        }
        if (!entries.isEmpty()) {
            check(client.changeMessageVisibilityBatch(r -> r.queueUrl(url).entries(entries))
                    .failed());
        }
    }

    private static void check(List<BatchResultErrorEntry> failed) {
        if (!failed.isEmpty()) {
            throw new BenchmarkException("refused: " + failed, null);
        }
    }
}
