package dev.waybill.benchmarks;

import java.net.URI;
import java.util.Map;
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
        return new PlainSqsConsumers(client, url(queue), concurrency, handler);
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
    public void delete(String queue) {
        for (String name : new String[] {queue, queue + "-dlq"}) {
            client.deleteQueue(r -> r.queueUrl(url(name)));
        }
    }

    private String url(String queue) {
        return client.getQueueUrl(r -> r.queueName(queue)).queueUrl();
    }

    @Override
    public void close() {
        client.close();
    }
}
