package dev.waybill.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;

/**
 * Threads that receive tens by long polls. With a concurrency of 1 there is one, which handles what it receives; else there are several,
 * which hand it to the workers and wait for them. Deletions go on threads of their own, so that the next poll need not wait.
 */
final class PlainSqsConsumers implements Contender.Consuming {
    private static final int MOST_POLLERS = 8;
    private static final int DELETERS = 4;
    private static final int POLL_SECONDS = 1;
    private static final String SENT_AT = ";t=";
    private static final String ID = ";i=";

    private final SqsClient client;
    private final String url;
    private final ReceiveMessageRequest request;
    private final Contender.Handler handler;
    private final Workers workers;
    private final List<Thread> pollers = new ArrayList<>();
    private final ExecutorService deleters = Executors.newFixedThreadPool(DELETERS);
    private volatile boolean closed;

    PlainSqsConsumers(SqsClient client, String url, int concurrency, Contender.Handler handler) {
        this.client = client;
        this.url = url;
        this.handler = handler;
        workers = new Workers(concurrency);
        request = ReceiveMessageRequest.builder()
                .queueUrl(url)
                .maxNumberOfMessages(10)
                .waitTimeSeconds(POLL_SECONDS)
                .messageAttributeNames("All")
                .build();
        for (int i = 0; i < Math.min(MOST_POLLERS, concurrency); i++) {
            Thread poller = new Thread(() -> Attempt.at("receive", this::poll), "plain-poller-" + i);
            poller.start();
            pollers.add(poller);
        }
    }

    private void poll() throws InterruptedException {
        while (!closed) {
            List<Message> messages = client.receiveMessage(request).messages();
            CountDownLatch handled = new CountDownLatch(messages.size());
            for (Message message : messages) {
                workers.execute(() -> {
                    handle(message);
                    handled.countDown();
                });
            }
            handled.await();
            if (!messages.isEmpty()) {
                deleters.execute(() -> delete(messages));
            }
        }
    }

    private void handle(Message message) {
        String attribute = Objects.requireNonNull(
                        message.messageAttributes().get(PlainSqs.ATTRIBUTE), PlainSqs.ATTRIBUTE)
                .stringValue();
        handler.handle(field(attribute, ID), Long.parseLong(field(attribute, SENT_AT)), Body.bytes(message.body()));
    }

    private static String field(String attribute, String name) {
        int start = attribute.indexOf(name) + name.length();
        int end = attribute.indexOf(';', start);
        return attribute.substring(start, end < 0 ? attribute.length() : end);
    }

    private void delete(List<Message> messages) {
        List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>(messages.size());
        for (Message message : messages) {
            entries.add(DeleteMessageBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .receiptHandle(message.receiptHandle())
                    .build());
        }
        DeleteMessageBatchResponse response =
                client.deleteMessageBatch(r -> r.queueUrl(url).entries(entries));
        if (!response.failed().isEmpty()) {
            throw new BenchmarkException("not deleted: " + response.failed(), null);
        }
    }

    @Override
    public void close() {
        closed = true;
        Attempt.at("end the pollers", () -> {
            for (Thread poller : pollers) {
                poller.join();
            }
            workers.close();
            deleters.shutdown();
            if (!deleters.awaitTermination(1, TimeUnit.MINUTES)) {
                throw new BenchmarkException("messages are still being deleted", null);
            }
        });
    }
}
