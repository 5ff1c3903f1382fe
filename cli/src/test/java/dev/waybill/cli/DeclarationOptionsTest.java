package dev.waybill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The tool finds a queue's messages by how the application declares it. */
class DeclarationOptionsTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<Waybill> open = new ArrayList<>();
    private String uri = "in-memory:cli-declarations";

    private Waybill broker(String emulated) {
        uri += "?emulate=" + emulated;
        Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", uri)));
        open.add(waybill);
        return waybill;
    }

    @AfterEach
    void close() {
        open.forEach(Waybill::close);
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of("--broker", "in-memory", "--uri", uri));
        CommandLine line = Main.line();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(all.toArray(String[]::new));
    }

    /** Kafka and SQS have a queue a level; RabbitMQ has one for all, and one for what was delayed. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"rabbitmq; {0=2}", "kafka; {0=1, 1=0, 2=1}", "sqs; {0=1, 1=0, 2=1}"})
    void levelsAreCountedTogetherAndALetterGoesBackToItsOwn(String emulated, String depths) throws Exception {
        Waybill waybill = broker(emulated);
        Queue<String> jobs = Queue.named("jobs", Codec.text()).priorities(3).build();
        BlockingQueue<Integer> died = new LinkedBlockingQueue<>();
        Subscription dying = waybill.consumer(jobs).startReturning(delivery -> {
            died.add(delivery.priority());
            return Outcome.deadLetter("no");
        });
        waybill.producer(jobs).sendAndWait(Message.with("low").priority(0).build());
        waybill.producer(jobs).sendAndWait(Message.with("high").priority(2).build());
        assertThat(died.poll(10, TimeUnit.SECONDS)).isNotNull();
        assertThat(died.poll(10, TimeUnit.SECONDS)).isNotNull();
        assertThat(dying.close(SOON)).isTrue();

        assertThat(run("dlq", "redrive", "jobs", "--priorities", "3")).isZero();
        out.getBuffer().setLength(0);
        assertThat(run("queues", "jobs", "--priorities", "levels", "--set", "waybill.priorities.levels.levels=3"))
                .isZero();
        assertThat(out.toString().lines().toList().get(1)).matches("jobs +2 +0");
        assertThat(waybill.depths(jobs)).hasToString(depths);
    }

    @Test
    void lettersGoToAnotherQueueAsThatIsDeclared() throws Exception {
        Waybill waybill = broker("kafka");
        Queue<String> orders =
                Queue.named("orders", Codec.text()).orderedByKey().build();
        Queue<String> jobs = Queue.named("jobs", Codec.text()).priorities(3).build();
        waybill.producer(jobs);
        BlockingQueue<String> died = new LinkedBlockingQueue<>();
        Subscription dying = waybill.consumer(orders).startReturning(delivery -> {
            died.add(delivery.payload());
            return Outcome.deadLetter("no");
        });
        waybill.producer(orders).sendAndWait(Message.with("first").key("k").build());
        assertThat(died.poll(10, TimeUnit.SECONDS)).isEqualTo("first");
        assertThat(dying.close(SOON)).isTrue();

        assertThat(run("dlq", "redrive", "orders", "--ordered", "--to", "jobs", "--to-priorities", "3"))
                .isZero();
        assertThat(waybill.depth(jobs)).isEqualTo(1);
        assertThat(waybill.deadLetters(orders).count()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "queues jobs --ordered --priorities 3; it can have one of the two",
                "queues jobs --priorities 1; levels is 1 but must be 2 to 32",
                "queues jobs --priorities customers; waybill.priorities.customers.levels is not set",
                "dlq redrive jobs --to-ordered; --to is missing"
            })
    void whatCannotBeIsSaidInOneLine(String arguments, String message) {
        broker("kafka").producer(Queue.ofText("jobs"));
        assertThat(run(arguments.split(" "))).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(1).first().asString().contains(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "queues nobodys",
                "dlq list nobodys",
                "dlq redrive nobodys --dry-run",
                "dlq redrive jobs --to nobodys"
            })
    void aQueueThatIsNotThereMayBeDeclaredOtherwise(String arguments) {
        broker("kafka").producer(Queue.ofText("jobs"));
        assertThat(run(arguments.split(" "))).isEqualTo(3);
        assertThat(err.toString()).contains("nobodys").contains("--ordered").contains("--priorities");
    }
}
