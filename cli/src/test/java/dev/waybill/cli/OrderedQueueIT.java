package dev.waybill.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** On RabbitMQ a queue that is ordered by key is elsewhere than one that is not. */
class OrderedQueueIT {
    @Test
    void lettersOfAnOrderedQueueGoBackToIt() throws Exception {
        try (TestServer server = TestServers.start("rabbitmq");
                Waybill waybill = Waybill.open(
                        WaybillConfig.of(Map.of("waybill.broker", "rabbitmq", "waybill.uri", server.uri())))) {
            Queue<String> orders =
                    Queue.named("orders", Codec.text()).orderedByKey().build();
            BlockingQueue<String> died = new LinkedBlockingQueue<>();
            Subscription dying = waybill.consumer(orders).startReturning(delivery -> {
                died.add(delivery.id());
                return Outcome.deadLetter("no");
            });
            waybill.producer(orders)
                    .sendAndWait(Message.with("first").id("a").key("k").build());
            assertThat(died.poll(30, TimeUnit.SECONDS)).isEqualTo("a");
            assertThat(dying.close(Duration.ofSeconds(30))).isTrue();

            assertThat(run(3, server, "queues", "orders")).contains("orders").contains("--ordered");
            assertThat(run(3, server, "dlq", "redrive", "orders")).contains("--ordered");
            assertThat(run(0, server, "dlq", "redrive", "orders", "--ordered")).contains("moved    1");
            await().untilAsserted(() ->
                    assertThat(run(0, server, "queues", "orders", "--ordered")).containsPattern("orders +1 +0"));
        }
    }

    /** What it says, on either stream. */
    private static String run(int exitCode, TestServer server, String... arguments) {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of("--broker", "rabbitmq", "--uri", server.uri()));
        StringWriter said = new StringWriter();
        CommandLine line = Main.line();
        line.setOut(new PrintWriter(said, true));
        line.setErr(new PrintWriter(said, true));
        assertThat(line.execute(all.toArray(String[]::new))).as(said.toString()).isEqualTo(exitCode);
        return said.toString();
    }
}
