package dev.waybill.it;

import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.sqs.SqsClient;

class SqsBacklogIT extends BacklogRules {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("sqs", SqsClient.class);

    @Override
    ServerUnderTest site() {
        return SERVER;
    }
}
