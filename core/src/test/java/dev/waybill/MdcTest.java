package dev.waybill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.slf4j.MdcAdapters;
import org.slf4j.helpers.BasicMDCAdapter;
import org.slf4j.spi.MDCAdapter;

/** What a handler's log lines can say. */
class MdcTest {
    private final Queue<String> queue = Queue.ofText("orders");
    private final List<Map<String, String>> during = new CopyOnWriteArrayList<>();
    private final List<Map<String, String>> after = new CopyOnWriteArrayList<>();
    private MDCAdapter before;

    @BeforeEach
    void withAnMdc() {
        before = MdcAdapters.use(new BasicMDCAdapter());
    }

    @AfterEach
    void asItWas() {
        MdcAdapters.use(before);
    }

    private static Map<String, String> now() {
        Map<String, String> now = MDC.getCopyOfContextMap();
        return now == null ? Map.of() : new HashMap<>(now);
    }

    /** Sees what is left when a handler has ended, on its thread. */
    private final WaybillObserver afterwards = new WaybillObserver() {
        @Override
        public void handled(String queue, Outcome.Kind outcome, long nanos) {
            after.add(now());
        }
    };

    private Waybill open(String mdc) {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", "in-memory"));
        return Waybill.open((mdc.isEmpty() ? config : config.with("waybill.consumer.mdc", mdc)).observer(afterwards));
    }

    @Test
    void aHandlerFindsItsMessageAndLeavesNothingOfIt() {
        // The handler's thread inherits these.
        MDC.put("waybill.queue", "outer");
        MDC.put("application", "shop");
        Message<String> keyed = Message.with("m").key("customer-7").build();
        Message<String> plain = Message.of("m");
        try (Waybill waybill = open("")) {
            waybill.consumer(queue).start(delivery -> {
                during.add(now());
                if (delivery.key().isPresent() && delivery.deliveryCount() == 1) {
                    throw new IllegalStateException("the first time");
                }
            });
            waybill.producer(queue).sendAndWait(keyed);
            await().untilAsserted(() -> assertThat(after).hasSize(2));
            waybill.producer(queue).sendAndWait(plain);
            await().untilAsserted(() -> assertThat(after).hasSize(3));
        }
        Map<String, String> withKey = Map.of(
                "waybill.message.id", keyed.id(),
                "waybill.queue", "orders",
                "waybill.key", "customer-7",
                "application", "shop");
        Map<String, String> withoutKey =
                Map.of("waybill.message.id", plain.id(), "waybill.queue", "orders", "application", "shop");
        assertThat(during).containsExactly(withKey, withKey, withoutKey);
        assertThat(after).containsOnly(Map.of("waybill.queue", "outer", "application", "shop"));
    }

    @Test
    void aBatchHasItsQueue() {
        try (Waybill waybill = open("true")) {
            waybill.consumer(queue).startBatch(10, deliveries -> {
                during.add(now());
                return deliveries.stream().map(delivery -> Outcome.accept()).toList();
            });
            waybill.producer(queue).sendAndWait("m");
            await().untilAsserted(() -> assertThat(after).containsExactly(Map.of()));
        }
        assertThat(during).containsExactly(Map.of("waybill.queue", "orders"));
    }

    @Test
    void itCanBeSwitchedOff() {
        try (Waybill waybill = open("false")) {
            waybill.consumer(queue).start(delivery -> during.add(now()));
            waybill.producer(queue).sendAndWait("m");
            await().untilAsserted(() -> assertThat(during).containsExactly(Map.of()));
        }
    }
}
