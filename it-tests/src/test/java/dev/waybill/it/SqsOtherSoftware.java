package dev.waybill.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.waybill.Waybill;
import dev.waybill.tck.OtherSoftware;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;

/** A plain SQS client. */
final class SqsOtherSoftware implements OtherSoftware {
    @Override
    public void send(Waybill waybill, String queue, Map<String, String> headers, byte[] body) {
        Map<String, MessageAttributeValue> attributes = new HashMap<>();
        headers.forEach((name, value) -> attributes.put(
                name,
                MessageAttributeValue.builder()
                        .dataType("String")
                        .stringValue(value)
                        .build()));
        SqsClient client = client(waybill);
        client.sendMessage(request -> request.queueUrl(url(client, queue))
                .messageAttributes(attributes)
                .messageBody(new String(body, UTF_8)));
    }

    /** Later versions, without id or time, cut in an escape, with a wrong time, and with a body that is not what they say. */
    @Override
    public List<Map<String, String>> forgeries() {
        return Stream.of(
                        "garbage",
                        "2;i=a;t=1;shape=round",
                        "1",
                        "1;i=a",
                        "1;t=1",
                        "1;i=a%00;t=1",
                        "1;i=a;t=1;h.tenant",
                        "1;i=a;t=soon",
                        "1;i=a;t=-1",
                        "1;i=a;t=99999999999999999999",
                        "1;i=a;t=1;e=b",
                        "1;i=a;t=1;e=0")
                .map(attribute -> Map.of("waybill", attribute))
                .toList();
    }

    static void deleteQueue(Waybill waybill, String queue) {
        SqsClient client = client(waybill);
        client.deleteQueue(request -> request.queueUrl(url(client, queue)));
    }

    private static SqsClient client(Waybill waybill) {
        return waybill.unwrap(SqsClient.class).orElseThrow();
    }

    private static String url(SqsClient client, String queue) {
        return client.getQueueUrl(request -> request.queueName(queue)).queueUrl();
    }
}
