package dev.waybill.tck;

import dev.waybill.WaybillConfig;
import java.time.Duration;
import java.util.Map;

/** The in-memory broker as it is, or as it emulates another; every Waybill of a test shares it. */
record InMemoryHarness(String emulation) implements EmbeddedHarness {
    @Override
    public WaybillConfig config() {
        String name = "tck" + emulation.replaceAll("[^a-z]", "");
        return WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:" + name + emulation));
    }

    @Override
    public Duration patience() {
        return Duration.ofSeconds(10);
    }

    @Override
    public Duration step() {
        // SQS has whole seconds.
        return Duration.ofMillis(emulation.contains("sqs") ? 1000 : 200);
    }
}
