package dev.waybill.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Outcome;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemoRunTest {
    private static final Progress UNSEEN = Progress.of(new PrintStream(PrintStream.nullOutputStream()), false, 80, 1);

    private static final Duration LOCK = Duration.ofSeconds(1);
    private static final Duration OUTAGE = Duration.ofSeconds(1);
    private static final String QUEUE = "demo-test";

    @TempDir
    private Path folder;

    private DemoRun.Result run(String uri, int copies) throws Exception {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", uri));
        try (DemoBroker broker = new DemoBroker("", config, LOCK, true, () -> {})) {
            return new DemoRun(
                            new Plan(InputFolder.open(folder), copies, 3, 2, QUEUE, Duration.ofSeconds(2), OUTAGE),
                            broker,
                            UNSEEN)
                    .run();
        }
    }

    private void files(int count) throws IOException {
        for (int i = 1; i <= count; i++) {
            Files.writeString(
                    folder.resolve("issues." + i + ".json"), "{\"repository\": {\"full_name\": \"octo/" + i + "\"}}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "rabbitmq", "kafka", "sqs"})
    void everyMessageIsAccountedForThoughAConsumerIsKilled(String emulated) throws Exception {
        files(10);
        String emulation = emulated.equals("none") ? "" : "?emulate=" + emulated;

        DemoRun.Result result = run("in-memory:demo-run-" + emulated + emulation, 3);

        Totals totals = result.summary().totals();
        assertThat(totals.clean()).as(totals.toString()).isTrue();
        assertThat(totals.sent()).isEqualTo(31);
        assertThat(totals.processed()).isEqualTo(30);
        assertThat(totals.dead()).isEqualTo(1);
        assertThat(totals.redriven()).as("what the gateway refused").isEqualTo(3);
        assertThat(result.gateway()).contains("down for 1.0 s").endsWith("deliveries counted for it: 0");
        assertThat(result.gateway()).as("the breaker was needed").doesNotContain(" 0 calls failed");
        assertThat(result.kill()).contains("consumer-1 was killed");
        assertThat(result.kill()).as("it held something").doesNotEndWith("it held 0");
        assertThat(result.summary().redelivered()).isPositive();
        assertThat(result.summary().types()).isEqualTo(Map.of("issues", 30));
    }

    @Test
    void aFileThatIsNotJsonTakesThePlaceOfThePoisonOfOurOwn() throws Exception {
        files(10);
        Files.writeString(folder.resolve("LICENSE"), "Permission is hereby granted");

        DemoRun.Result result = run("in-memory:demo-run-license", 1);

        assertThat(result.summary().totals().line()).startsWith("sent=11 processed=10 dead=1 redriven=3 lost=0");
        assertThat(result.summary().dead()).singleElement().satisfies(dead -> {
            assertThat(dead.file()).isEqualTo("LICENSE");
            assertThat(dead.reason()).startsWith("undecodable as application/json");
        });
    }

    @Test
    void aMessageThatSomebodyElseTakesIsReportedAsLost() throws Exception {
        files(10);
        String uri = "in-memory:demo-run-thief";
        AtomicReference<String> stolen = new AtomicReference<>();
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", uri));
        try (Waybill thief = Waybill.open(config)) {
            thief.consumer(new DemoQueues(QUEUE, LOCK).files()).prefetch(0).startReturning(delivery -> {
                boolean first = stolen.compareAndSet(null, delivery.headers().get(FolderSender.FILE));
                return first ? Outcome.accept() : Outcome.release();
            });

            DemoRun.Result result = run(uri, 2);

            assertThat(result.summary().totals().lost()).isEqualTo(1);
            assertThat(result.summary().totals().clean()).isFalse();
            assertThat(result.summary().lost()).containsExactly(stolen.get());
            assertThat(Report.of(result)).containsSubsequence("LOST", stolen.get(), "lost=1");
        }
    }
}
