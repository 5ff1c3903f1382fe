package dev.waybill.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;

/**
 * Threads that receive tens by long polls, hand them to the workers and wait for them. What becomes of them then, threads of their own
 * see to, so that the next poll need not wait.
 */
final class PlainSqsConsumers implements Contender.Consuming {
    static final int MOST_POLLERS = 8;
    private static final int SETTLERS = 4;
    private static final int POLL_SECONDS = 1;

    private final SqsClient client;
    private final ReceiveMessageRequest request;
    private final Step step;
    private final Workers workers;
    private final List<Thread> pollers = new ArrayList<>();
    private final ExecutorService settlers = Executors.newFixedThreadPool(SETTLERS);
    private volatile boolean closed;

    /** What is done with messages. */
    interface Step {
        /** Called by several threads. */
        void take(Message message);

        /** What becomes of those that a poll brought, when all are taken. */
        void settle(List<Message> messages);
    }

    /** @param concurrency how many workers; with one the pollers do it themselves */
    PlainSqsConsumers(SqsClient client, String url, int pollers, int concurrency, Step step) {
        this.client = client;
        this.step = step;
        workers = new Workers(concurrency);
        request = ReceiveMessageRequest.builder()
                .queueUrl(url)
                .maxNumberOfMessages(10)
                .waitTimeSeconds(POLL_SECONDS)
                .messageAttributeNames("All")
                .messageSystemAttributeNames(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT)
                .build();
        for (int i = 0; i < pollers; i++) {
            Thread poller = new Thread(() -> Attempt.at("receive", this::poll), "plain-poller-" + i);
            poller.start();
            this.pollers.add(poller);
        }
    }

    private void poll() throws InterruptedException {
        while (!closed) {
            List<Message> messages = client.receiveMessage(request).messages();
            CountDownLatch taken = new CountDownLatch(messages.size());
            for (Message message : messages) {
                workers.execute(() -> {
                    step.take(message);
                    taken.countDown();
                });
            }
            taken.await();
            if (!messages.isEmpty()) {
                settlers.execute(() -> step.settle(messages));
            }
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
            settlers.shutdown();
            if (!settlers.awaitTermination(1, TimeUnit.MINUTES)) {
                throw new BenchmarkException("messages are still being settled", null);
            }
        });
    }
}
