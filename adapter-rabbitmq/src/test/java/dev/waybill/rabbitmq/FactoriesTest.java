package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import dev.waybill.spi.TlsSettings;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FactoriesTest {
    @Test
    void storesAreRefusedWithAnAddressThatAsksForNoTls() {
        String uri = "amqp://guest:hunter2@host";
        TestContext context =
                new TestContext(uri).tls(new TlsSettings(Path.of("/trust.p12"), "hunter2", Path.of("/own.p12"), null));
        assertThatThrownBy(() -> Factories.of(context, ServerAddress.parse(uri)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("waybill.tls.trust-store", "'/trust.p12'", "'amqp://host:5672'", "amqps://")
                .hasMessageNotContaining("hunter2");
    }
}
