package dev.waybill.it;

import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.extension.RegisterExtension;

class KafkaBacklogIT extends BacklogRules {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("kafka", Admin.class);

    @Override
    ServerUnderTest site() {
        return SERVER;
    }
}
