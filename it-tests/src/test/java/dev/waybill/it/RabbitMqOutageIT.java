package dev.waybill.it;

import com.rabbitmq.client.Connection;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import org.junit.jupiter.api.extension.RegisterExtension;

class RabbitMqOutageIT extends OutageRules {
    @RegisterExtension
    static final ServerUnderTest SERVER = new ServerUnderTest("rabbitmq", Connection.class);

    @Override
    ServerUnderTest site() {
        return SERVER;
    }

    @Override
    CircuitBreakerConfig breaker() {
        return CircuitBreakerConfig.ofDefaults();
    }
}
