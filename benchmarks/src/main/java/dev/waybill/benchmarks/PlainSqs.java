package dev.waybill.benchmarks;

import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** The AWS SDK's client, tuned: full batches on several threads, over a pool of connections as large as Waybill's. */
final class PlainSqs implements PlainContender {
    static final String ATTRIBUTE = "waybill";
    private static final int CONNECTIONS = 64;

    private final SqsClient client;

    PlainSqs(String uri) {
        client = SqsClient.builder()
                .endpointOverride(URI.create(uri))
                .region(Region.US_EAST_1)
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create(Site.USERNAME, Site.PASSWORD)))
                .httpClient(
                        Apache5HttpClient.builder().maxConnections(CONNECTIONS).build())
                .build();
    }

    @Override
    public Outlet outlet(String queue) {
        return new PlainSqsOutlet(client, url(queue));
    }

    @Override
    public Consuming consume(String queue, int concurrency, Handler handler) {
        String url = url(queue);
        return consumers(url, concurrency, new PlainSqsSteps(client, url).handling(handler));
    }

    @Override
    public Consuming retry(String queue, int concurrency, Handler handler) {
        String url = url(queue);
        return consumers(url, concurrency, new PlainSqsSteps(client, url).failingOnce(handler));
    }

    @Override
    public Consuming deadLetters(String queue, int concurrency, Span moved) {
        UnaryOperator<String> dead = attribute -> {
            StringBuilder more = new StringBuilder(attribute);
            DeathHeaders.of(queue)
                    .forEach((name, value) ->
                            more.append(';').append(name).append('=').append(value));
            return more.toString();
        };
        return move(queue, deadLetterQueue(queue), concurrency, dead, moved);
    }

    @Override
    public Consuming redrive(String queue, Span moved) {
        UnaryOperator<String> alive = attribute -> Arrays.stream(attribute.split(";"))
                .filter(field -> !field.contains(DeathHeaders.PREFIX))
                .collect(Collectors.joining(";"));
        return move(deadLetterQueue(queue), queue, PlainSqsConsumers.MOST_POLLERS, alive, moved);
    }

    private Consuming move(String from, String to, int pollers, UnaryOperator<String> attribute, Span moved) {
        String url = url(from);
        PlainSqsConsumers.Step step = new PlainSqsSteps(client, url).moving(url(to), attribute, moved);
        return new PlainSqsConsumers(client, url, pollers, 1, step);
    }

    private Consuming consumers(String url, int concurrency, PlainSqsConsumers.Step step) {
        int pollers = Math.min(PlainSqsConsumers.MOST_POLLERS, concurrency);
        return new PlainSqsConsumers(client, url, pollers, concurrency, step);
    }

    @Override
    public String deadLetterQueue(String queue) {
        return queue + "-dlq";
    }

    @Override
    public long left(String queue) {
        Map<QueueAttributeName, String> counts = client.getQueueAttributes(r -> r.queueUrl(url(queue))
                        .attributeNames(
                                QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                                QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE))
                .attributes();
        return counts.values().stream().mapToLong(Long::parseLong).sum();
    }

    @Override
    public String lane(String queue, int level) {
        return queue + "-waybill-p" + level;
    }

    @Override
    public void delete(List<String> queues) {
        for (String queue : queues) {
            client.deleteQueue(r -> r.queueUrl(url(queue)));
        }
        client.deleteQueue(r -> r.queueUrl(url(deadLetterQueue(queues.get(0)))));
    }

    private String url(String queue) {
        return client.getQueueUrl(r -> r.queueName(queue)).queueUrl();
    }

    @Override
    public void close() {
        client.close();
    }
}
