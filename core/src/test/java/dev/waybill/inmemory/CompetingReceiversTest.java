package dev.waybill.inmemory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CompetingReceiversTest {
    private static final int SENDERS = 3;
    private static final int RECEIVERS = 4;
    private static final int EACH = 3_000;

    @ParameterizedTest
    @ValueSource(strings = {"", "?emulate=rabbitmq", "?emulate=kafka", "?emulate=sqs"})
    void eachMessageIsAcceptedOnceByWhoeverIsThere(String emulation) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Fixture fixture = new Fixture("in-memory:" + emulation)) {
            ConcurrentHashMap<String, Integer> accepted = new ConcurrentHashMap<>();
            AtomicInteger left = new AtomicInteger(SENDERS * EACH);
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < RECEIVERS; i++) {
                Receiver receiver = fixture.receiver(Fixture.MAIN, 7);
                work.add(threads.submit(() -> acceptAll(receiver, accepted, left)));
            }
            for (int i = 0; i < SENDERS; i++) {
                String prefix = i + "-";
                Sender sender = fixture.newSender();
                work.add(threads.submit(() -> sendAll(sender, prefix)));
            }
            for (Future<?> each : work) {
                each.get();
            }
            assertThat(accepted)
                    .hasSize(SENDERS * EACH)
                    .allSatisfy((id, times) -> assertThat(times).as(id).isEqualTo(1));
            await().untilAsserted(
                            () -> assertThat(fixture.inspection.held("orders")).isZero());
            assertThat(fixture.inspection.deadLetters("orders")).isZero();
            assertThat(fixture.inspection.violations()).isEmpty();
        } finally {
            threads.shutdownNow();
        }
    }

    /** Every tenth message is given back once. */
    private static Void acceptAll(Receiver receiver, ConcurrentHashMap<String, Integer> accepted, AtomicInteger left)
            throws InterruptedException {
        while (left.get() > 0) {
            List<Taken> batch = new ArrayList<>();
            for (Inbound inbound : receiver.receive(5, Duration.ofMillis(50))) {
                String id = inbound.envelope().id();
                boolean retry = id.endsWith("7") && !inbound.redelivered();
                batch.add(new Taken(inbound, retry ? Disposition.RETRY : Disposition.ACCEPT));
                if (!retry) {
                    accepted.merge(id, 1, Integer::sum);
                    left.decrementAndGet();
                }
            }
            if (!batch.isEmpty()) {
                receiver.settle(batch);
            }
        }
        return null;
    }

    private static Void sendAll(Sender sender, String prefix) {
        for (int i = 0; i < EACH; i += 5) {
            List<Sent> batch = new ArrayList<>();
            for (int k = i; k < i + 5; k++) {
                batch.add(new Sent(prefix + k));
            }
            sender.send(batch);
            batch.forEach(sent -> assertThat(sent.report.join()).isEqualTo("stored"));
        }
        return null;
    }
}
