package dev.waybill.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyListener;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StateMachine;
import dev.waybill.jdbc.JdbcConvoyStore;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The tool on a store that this test's own convoys use. */
@Timeout(60)
class ConvoysCommandTest {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private enum State {
        OPEN,
        CLOSED
    }

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Set<String> broken = ConcurrentHashMap.newKeySet();
    private final CountDownLatch stuck = new CountDownLatch(2);
    private final CountDownLatch held = new CountDownLatch(1);
    private final String url = "jdbc:h2:mem:cli-" + NUMBER.incrementAndGet() + ";DB_CLOSE_DELAY=-1";
    private final HikariDataSource dataSource = dataSource();
    private final Waybill waybill =
            Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:")));
    private ConvoyOperations operations;
    private Convoys convoys;

    private HikariDataSource dataSource() {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        return new HikariDataSource(config);
    }

    @BeforeEach
    void twoAreStuckAndOneIsNot() throws Exception {
        Queue<String> queue = Queue.named("accounts", Codec.text())
                .orderedByKey()
                .maxDeliveries(2)
                .retry(RetryPolicy.immediate())
                .build();
        StateMachine<State, String, String> machine = StateMachine.named(
                        "accounts", State.class, String.class, Codec.text())
                .start(State.OPEN, key -> "nothing")
                .on(State.OPEN, String.class)
                .when("the end", (data, text) -> text.equals("close"))
                .to(State.CLOSED)
                .on(State.OPEN, String.class)
                .to(State.OPEN, (step, text) -> {
                    if (text.equals("bad") && broken.contains(step.key())) {
                        throw new IllegalStateException("bad luck\u001b[31m");
                    }
                    step.data("after " + text);
                })
                .terminal(State.CLOSED)
                .build();
        broken.addAll(Set.of("b", "c"));
        convoys = Convoys.of(waybill, queue, machine)
                .store(JdbcConvoyStore.on(dataSource)
                        .schema(TopologyMode.DECLARE)
                        .open())
                .pollEvery(Duration.ofMillis(20))
                .listener(new ConvoyListener() {
                    @Override
                    public void stuck(String name, String key, String failure) {
                        stuck.countDown();
                    }

                    @Override
                    public void held(String name, String key, String messageId) {
                        held.countDown();
                    }
                })
                .start();
        operations = convoys.operations();
        var producer = waybill.producer(queue);
        for (String key : List.of("a", "b", "c")) {
            producer.sendAndWait(Message.with("good").key(key).build());
            producer.sendAndWait(Message.with("bad").id("bad-" + key).key(key).build());
        }
        producer.sendAndWait(Message.with("close").key("b").build());
        assertThat(stuck.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(held.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @AfterEach
    void close() {
        convoys.close();
        waybill.close();
        dataSource.close();
    }

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> all = new ArrayList<>(List.of("convoys"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--store", url));
        return Main.line()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(all.toArray(String[]::new));
    }

    @Test
    void convoysAreListedShownRetriedSkippedAndCancelled() {
        assertThat(run("list", "accounts")).isZero();
        assertThat(out.toString().lines())
                .hasSize(4)
                .anySatisfy(line -> assertThat(line).startsWith("a ").contains("OPEN", "RUNNING"));
        assertThat(run("list", "accounts", "--status", "stuck", "--after", "b")).isZero();
        assertThat(out.toString().lines()).hasSize(2).last().asString().contains("c ", "STUCK", "bad luck?[31m");

        assertThat(run("show", "accounts", "b")).isZero();
        assertThat(out.toString())
                .contains("after good")
                .contains("failed message  bad-b")
                .containsPattern("String +OPEN +OPEN")
                .containsPattern("String +bad-b +bad");
        assertThat(run("show", "accounts", "b", "--output", "json")).isZero();
        assertThat(out.toString()).contains("\"held\" : [");

        assertThat(run("skip", "accounts", "b")).isZero();
        await().until(() -> operations.show("b").convoy().status() == ConvoyStatus.DONE);
        broken.clear();
        assertThat(run("retry", "accounts", "c")).isZero();
        await().until(() -> operations.show("c").convoy().status() == ConvoyStatus.RUNNING);
        assertThat(run("cancel", "accounts", "c")).as("%s", err).isZero();
        assertThat(out.toString()).contains("CANCELLED");
    }

    @Test
    void thoseAreListedThatHaveBeenInTheirStateForLong() throws Exception {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE waybill_convoy SET since = since - 7200000 WHERE UTF8TOSTRING(convoy) = 'b'");
        }
        assertThat(run("list", "accounts", "--older-than", "PT1H")).isZero();
        assertThat(out.toString().lines()).hasSize(2).last().asString().startsWith("b ");
        assertThat(run("list", "accounts", "--older-than", "PT3H")).isZero();
        assertThat(out.toString()).doesNotContain("OPEN");
        assertThat(run("list", "accounts", "--older-than", "an hour")).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("--older-than", "an hour");
    }

    @Test
    void healthSaysWhatIsStuckAndWhatWaits() {
        assertThat(run("health", "accounts")).isEqualTo(Main.NOT_ALL);
        assertThat(out.toString())
                .containsPattern("held +3")
                .containsPattern("still to send +0")
                .containsPattern("OPEN +RUNNING +1")
                .containsPattern("OPEN +STUCK +2");
        operations.cancel("b");
        operations.cancel("c");
        await("what has been cancelled is looked at once")
                .until(() -> operations.census().due() == 0);
        assertThat(run("health", "accounts", "--output", "json")).as("%s", out).isZero();
        assertThat(out.toString()).contains("\"held\" : 0", "\"status\" : \"CANCELLED\"");
    }

    @Test
    void whatIsDueForTooLongIsNotWell() {
        convoys.close();
        operations.cancel("b");
        operations.cancel("c");
        await().until(() -> operations.census().dueMillis() > 10);
        assertThat(run("health", "accounts")).isZero();
        assertThat(run("health", "accounts", "--patience", "PT0.01S")).isEqualTo(Main.NOT_ALL);
    }

    @Test
    void whatCannotBeDoneIsSaid() {
        assertThat(run("retry", "accounts", "a")).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("convoy 'a' of accounts, RUNNING in OPEN is not stuck");
        assertThat(run("show", "accounts", "nobody")).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("there is no convoy 'nobody' of accounts");
        assertThat(run("list", "accounts", "--table", "elsewhere")).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("table elsewhere of the convoy store on H2");
    }

    @Test
    void aStoreMustBeGiven() {
        int code = Main.line()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute("convoys", "list", "accounts");
        assertThat(code).isEqualTo(Main.WRONG);
        assertThat(err.toString()).contains("no store is chosen: give --store or WAYBILL_STORE");
    }
}
