package dev.waybill.servers;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.MessageProperties;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends messages to a server of any kind, each confirmed, and counts them. */
final class Clients {
    private static final String QUEUE = "kept";

    private Clients() {}

    static void send(TestServer server, int messages) throws Exception {
        switch (server.broker()) {
            case "rabbitmq" -> sendToRabbitMq(server.uri(), messages);
            case "kafka" -> sendToKafka(kafka(server.uri()), messages);
            case "sqs" -> sendToSqs(server.uri(), messages);
            case "redis" -> sendToRedis(server.uri(), messages);
            default -> throw new IllegalArgumentException(server.broker());
        }
    }

    static long count(TestServer server) throws Exception {
        return switch (server.broker()) {
            case "rabbitmq" -> countInRabbitMq(server.uri());
            case "kafka" -> countInKafka(kafka(server.uri()));
            case "sqs" -> countInSqs(server.uri());
            case "redis" -> askRedis(server.uri(), "LLEN " + QUEUE);
            default -> throw new IllegalArgumentException(server.broker());
        };
    }

    private static void sendToRabbitMq(String uri, int messages) throws Exception {
        try (Connection connection = rabbitMq(uri).newConnection();
                Channel channel = connection.createChannel()) {
            channel.queueDeclare(QUEUE, true, false, false, Map.of("x-queue-type", "quorum"));
            channel.confirmSelect();
            for (int i = 0; i < messages; i++) {
                channel.basicPublish(
                        "", QUEUE, MessageProperties.PERSISTENT_TEXT_PLAIN, "message".getBytes(StandardCharsets.UTF_8));
            }
            channel.waitForConfirmsOrDie(10_000);
        }
    }

    private static long countInRabbitMq(String uri) throws Exception {
        try (Connection connection = rabbitMq(uri).newConnection();
                Channel channel = connection.createChannel()) {
            return channel.messageCount(QUEUE);
        }
    }

    static ConnectionFactory rabbitMq(String uri) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(uri);
        return factory;
    }

    static Map<String, Object> kafka(String uri) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", URI.create(uri).getAuthority());
        settings.put("default.api.timeout.ms", "20000");
        settings.put("request.timeout.ms", "10000");
        return settings;
    }

    private static void sendToKafka(Map<String, Object> settings, int messages) throws Exception {
        try (Admin admin = Admin.create(settings)) {
            admin.createTopics(List.of(new NewTopic(QUEUE, 1, (short) 1))).all().get();
        }
        Properties properties = new Properties();
        properties.putAll(settings);
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = java.util.stream.IntStream.range(0, messages)
                    .mapToObj(i -> producer.send(new ProducerRecord<>(QUEUE, "message")))
                    .toList();
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
        }
    }

    private static long countInKafka(Map<String, Object> settings) throws Exception {
        TopicPartition partition = new TopicPartition(QUEUE, 0);
        try (Admin admin = Admin.create(settings)) {
            return admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                    .partitionResult(partition)
                    .get()
                    .offset();
        }
    }

    private static void sendToSqs(String uri, int messages) throws Exception {
        sqs(uri, "CreateQueue", "{\"QueueName\":\"" + QUEUE + "\"}");
        for (int i = 0; i < messages; i++) {
            sqs(uri, "SendMessage", "{" + queueUrl(uri) + ",\"MessageBody\":\"message\"}");
        }
    }

    private static long countInSqs(String uri) throws Exception {
        String attributes = sqs(
                uri,
                "GetQueueAttributes",
                "{" + queueUrl(uri) + ",\"AttributeNames\":[\"ApproximateNumberOfMessages\"]}");
        return Pattern.compile("\"ApproximateNumberOfMessages\" *: *\"(\\d+)\"")
                .matcher(attributes)
                .results()
                .mapToLong(found -> Long.parseLong(found.group(1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(attributes));
    }

    private static void sendToRedis(String uri, int messages) throws Exception {
        for (int i = 0; i < messages; i++) {
            askRedis(uri, "RPUSH " + QUEUE + " message");
        }
    }

    private static long askRedis(String uri, String command) throws Exception {
        URI address = URI.create(uri);
        try (Socket socket = TcpProbe.connected(address.getHost(), address.getPort())) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            String answer = new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
            assertThat(answer).startsWith(":");
            return Long.parseLong(answer.substring(1));
        }
    }

    private static String queueUrl(String uri) {
        return "\"QueueUrl\":\"" + uri + "/000000000000/" + QUEUE + "\"";
    }

    private static String sqs(String uri, String action, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(uri))
                .timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/x-amz-json-1.0")
                .header("X-Amz-Target", "AmazonSQS." + action)
                .header(
                        "Authorization",
                        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new AssertionError(action + " was answered with " + answer.statusCode() + ": " + answer.body());
        }
        return answer.body();
    }
}
