package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.Codec;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.SendException;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadStoreException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClaimWriterTest {

    /** Takes payloads, and gives valet keys, as it is told to. */
    private static final class Store extends StubPayloadStore {
        final List<String> written = new ArrayList<>();
        Supplier<URI> valetKey = () -> URI.create("https://host/");

        @Override
        public boolean write(String key, Content content) throws IOException {
            content.writeTo(OutputStream.nullOutputStream());
            return written.add(key);
        }

        @Override
        public void delete(List<String> keys) {}

        @Override
        public Optional<URI> valetKey(String key, Duration validFor) {
            return Optional.of(valetKey.get());
        }
    }

    @Test
    void aStoreIsAskedForAValetKeyOnlyIfItsBreakerLetsTheSendThrough() {
        Store store = new Store();
        Queue<String> queue = Queue.named("q", Codec.text())
                .claimCheck(ClaimCheck.in(store)
                        .threshold(0)
                        .valetKeys(Duration.ofHours(1))
                        .build())
                .build();
        try (Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")))) {
            Producer<String> producer = waybill.producer(queue);
            CircuitBreaker breaker = waybill.circuitBreakers().circuitBreaker("payload-store-store");
            AtomicInteger asked = new AtomicInteger();
            store.valetKey = () -> {
                asked.incrementAndGet();
                throw new PayloadStoreException("it gives no key for delegation", null);
            };
            assertThatThrownBy(() -> producer.sendAndWait("large"))
                    .isInstanceOf(SendException.class)
                    .hasMessageContaining("it gives no key for delegation");
            assertThat(breaker.getMetrics().getNumberOfFailedCalls()).isEqualTo(1);
            breaker.transitionToOpenState();
            assertThatThrownBy(() -> producer.sendAndWait("large")).hasMessageContaining("payload-store-store is OPEN");
            assertThat(asked).hasValue(1);

            breaker.transitionToHalfOpenState();
            store.valetKey = () -> URI.create("ftp://host/");
            for (int i = 0; i < 20; i++) {
                assertThatThrownBy(() -> producer.sendAndWait("large")).hasMessageContaining("gives no valet key");
            }
            assertThat(store.written).isEmpty();
            store.valetKey = () -> URI.create("https://host/");
            producer.sendAndWait("large");
            assertThat(store.written).hasSize(1);
        }
    }
}
