package dev.waybill.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;

/** Sends tens: a full one at once, and one that is not full when a millisecond has passed, as Kafka's producer does. */
final class PlainSqsOutlet implements Outlet {
    private static final int BATCH = 10;
    private static final int THREADS = 8;
    private static final int LINGER_MILLIS = 1;

    private final SqsClient client;
    private final String url;
    private final ExecutorService senders = Executors.newFixedThreadPool(THREADS);
    private final ScheduledExecutorService linger = Executors.newSingleThreadScheduledExecutor();
    private final InFlight inFlight = new InFlight(Load.IN_FLIGHT);
    private List<SendMessageBatchRequestEntry> batch = new ArrayList<>(BATCH);

    PlainSqsOutlet(SqsClient client, String url) {
        this.client = client;
        this.url = url;
        Future<?> unused = linger.scheduleAtFixedRate(this::flush, LINGER_MILLIS, LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void send(byte[] body) throws InterruptedException {
        inFlight.enter();
        add(body);
    }

    private synchronized void add(byte[] body) {
        String attribute = "1;i=" + Ids.next() + ";c=" + Body.CONTENT_TYPE + ";t=" + System.currentTimeMillis();
        batch.add(SendMessageBatchRequestEntry.builder()
                .id(Integer.toString(batch.size()))
                .messageBody(Body.text(body))
                .messageAttributes(Map.of(
                        PlainSqs.ATTRIBUTE,
                        MessageAttributeValue.builder()
                                .dataType("String")
                                .stringValue(attribute)
                                .build()))
                .build());
        if (batch.size() == BATCH) {
            flush();
        }
    }

    private synchronized void flush() {
        if (!batch.isEmpty()) {
            List<SendMessageBatchRequestEntry> full = batch;
            batch = new ArrayList<>(BATCH);
            senders.execute(() -> post(full));
        }
    }

    private void post(List<SendMessageBatchRequestEntry> entries) {
        try {
            SendMessageBatchResponse response =
                    client.sendMessageBatch(r -> r.queueUrl(url).entries(entries));
            if (!response.failed().isEmpty()) {
                throw new BenchmarkException("refused: " + response.failed(), null);
            }
            inFlight.confirmed(entries.size());
        } catch (RuntimeException failed) {
            inFlight.failed(failed);
        }
    }

    @Override
    public void awaitConfirmed() {
        flush();
        inFlight.awaitNone();
    }

    @Override
    public void close() {
        linger.shutdown();
        senders.shutdown();
    }
}
