package dev.waybill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The tool on the in-memory broker, which this test's own Waybill keeps alive. */
class MainTest {
    private static final String URI = "in-memory:cli";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", URI)));
    private final Queue<byte[]> orders = Queue.named("orders", Codec.bytes()).build();

    @BeforeEach
    void deadLetters() throws Exception {
        CountDownLatch dead = new CountDownLatch(3);
        Subscription dying = waybill.consumer(orders).startReturning(delivery -> {
            dead.countDown();
            return Outcome.deadLetter("no customer\u001b[31m " + delivery.id());
        });
        var producer = waybill.producer(orders);
        producer.sendAndWait(message("a", "acme", "first"));
        producer.sendAndWait(message("b", "globex", "second"));
        producer.sendAndWait(Message.with(new byte[] {(byte) 0xff, 0}).id("c").build());
        assertThat(dead.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(dying.close(Duration.ofSeconds(10))).isTrue();
    }

    private static Message<byte[]> message(String id, String tenant, String text) {
        return Message.with(text.getBytes(StandardCharsets.UTF_8))
                .id(id)
                .header("tenant", tenant)
                .build();
    }

    @AfterEach
    void close() {
        waybill.close();
    }

    private int run(String... args) {
        CommandLine line = Main.line();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(args);
    }

    private int onBroker(String... args) {
        String[] all = java.util.Arrays.copyOf(args, args.length + 4);
        all[args.length] = "--broker";
        all[args.length + 1] = "in-memory";
        all[args.length + 2] = "--uri";
        all[args.length + 3] = URI;
        return run(all);
    }

    private JsonNode json() throws Exception {
        return new ObjectMapper().readTree(out.toString());
    }

    @Test
    void queuesTellsHowManyMessagesAndDeadLettersThereAre() {
        assertThat(onBroker("queues", "orders")).isZero();
        assertThat(out.toString().lines()).hasSize(2).last().asString().matches("orders +0 +3");
    }

    @Test
    void listShowsEachOnALineWithoutWhatWouldDisturbATerminal() {
        assertThat(onBroker("dlq", "list", "orders")).isZero();
        assertThat(out.toString().lines()).hasSize(4);
        assertThat(out.toString()).contains("no customer?[31m a").doesNotContain("\u001b");
    }

    @Test
    void listFiltersAndSpeaksJson() throws Exception {
        assertThat(onBroker("dlq", "list", "orders", "--header", "tenant=globex", "--output", "json"))
                .isZero();
        assertThat(json()).hasSize(1);
        assertThat(json().get(0).get("id").asText()).isEqualTo("b");
        assertThat(json().get(0).get("deliveries").asInt()).isEqualTo(1);
    }

    @Test
    void showTellsAllAndKeepsBinaryBodiesWhole() throws Exception {
        assertThat(onBroker("dlq", "show", "orders", "a")).isZero();
        assertThat(out.toString()).contains("tenant=acme").contains("first");
        out.getBuffer().setLength(0);
        assertThat(onBroker("dlq", "show", "orders", "c", "--output", "json")).isZero();
        assertThat(json().get("bodyBase64").asText()).isEqualTo("/wA=");
        assertThat(onBroker("dlq", "show", "orders", "nobody")).isEqualTo(1);
        assertThat(err.toString()).contains("'nobody'");
    }

    @Test
    void redriveMovesWhatMatchesAndADryRunNothing() throws Exception {
        assertThat(onBroker("dlq", "redrive", "orders", "--dry-run", "--output", "json"))
                .isZero();
        assertThat(json().get("matched").asInt()).isEqualTo(3);
        assertThat(json().get("moved").asInt()).isZero();
        assertThat(onBroker("dlq", "redrive", "orders", "--id", "a")).isZero();
        assertThat(waybill.depth(orders)).isEqualTo(1);
        assertThat(waybill.deadLetters(orders).count()).isEqualTo(2);
    }

    @Test
    void purgeWantsTheRightNumber() {
        assertThat(onBroker("dlq", "purge", "orders", "--expect", "2")).isEqualTo(1);
        assertThat(err.toString()).contains("3").contains("nothing is deleted");
        assertThat(waybill.deadLetters(orders).count()).isEqualTo(3);
        assertThat(onBroker("dlq", "purge", "orders", "--expect", "3")).isZero();
        assertThat(waybill.deadLetters(orders).count()).isZero();
    }

    @Test
    void healthAndCapabilitiesTellOfTheBroker() {
        assertThat(onBroker("health")).isZero();
        assertThat(out.toString()).contains("connection").contains("UP");
        assertThat(onBroker("capabilities")).isZero();
        assertThat(out.toString()).contains("UNCOUNTED_RELEASE").contains("NATIVE");
    }

    @Test
    void whatIsWrongIsSaidInOneLineWithTheExitCodeThatFits() {
        assertThat(run("dlq")).isEqualTo(2);
        assertThat(err.toString()).contains("list, show, redrive or purge");
        assertThat(run("dlq", "list")).isEqualTo(2);
        assertThat(err.toString()).contains("QUEUE");
        assertThat(run("health")).isEqualTo(2);
        assertThat(err.toString()).contains("no broker is chosen");
        assertThat(run("health", "--broker", "carrier-pigeon")).isEqualTo(2);
        assertThat(err.toString()).contains("carrier-pigeon").contains("rabbitmq");
        assertThat(run("health", "--broker", "rabbitmq", "--uri", "amqp://localhost:1"))
                .isEqualTo(3);
    }
}
