package dev.waybill.it;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.Step;
import dev.waybill.jdbc.JdbcConvoyStore;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import javax.sql.DataSource;

/**
 * Convoys in a process of its own, to be killed. Each is an account: what a message says is added to its balance, in the transaction of
 * the step, and sent as a receipt; the last closes it.
 */
final class AccountProcess implements AutoCloseable {
    static final String MACHINE = "accounts";
    static final String CLOSE = "close";

    private final Process process;

    AccountProcess(WaybillConfig config, String url, Queue<String> orders, Queue<String> receipts) throws IOException {
        process = TestProcess.of(
                        AccountProcess.class,
                        config,
                        url,
                        orders.name(),
                        receipts.name(),
                        orders.lockDuration().toString())
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    private enum State {
        OPEN,
        CLOSED
    }

    /** The queue of the messages, or of the receipts. */
    static Queue<String> queue(String name, Duration lock) {
        return Queue.named(name, Codec.text())
                .orderedByKey()
                .maxDeliveries(10)
                .lockDuration(lock)
                .retry(RetryPolicy.fixed(Duration.ofMillis(100)))
                .build();
    }

    static HikariDataSource pool(String url) {
        HikariConfig pool = new HikariConfig();
        pool.setJdbcUrl(url);
        pool.setUsername("postgres");
        pool.setMaximumPoolSize(12);
        pool.setMinimumIdle(0);
        return new HikariDataSource(pool);
    }

    static JdbcConvoyStore store(DataSource dataSource) {
        return JdbcConvoyStore.on(dataSource).schema(TopologyMode.DECLARE).open();
    }

    private static StateMachine<State, String, String> machine(Queue<String> receipts) {
        return StateMachine.named(MACHINE, State.class, String.class, Codec.text())
                .start(State.OPEN, key -> "")
                .on(State.OPEN, String.class)
                .when("the last", (data, text) -> text.equals(CLOSE))
                .to(State.CLOSED, (step, text) -> step.send(receipts, Message.of(text)))
                .on(State.OPEN, String.class)
                .to(State.OPEN, (step, text) -> {
                    add(step, Long.parseLong(text));
                    step.send(receipts, Message.of(text));
                })
                .terminal(State.CLOSED)
                .build();
    }

    private static void add(Step<String> step, long amount) throws Exception {
        Connection connection = step.unwrap(Connection.class).orElseThrow();
        try (PreparedStatement statement =
                connection.prepareStatement("UPDATE account SET balance = balance + ? WHERE owner = ?")) {
            statement.setLong(1, amount);
            statement.setString(2, step.key());
            statement.executeUpdate();
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        WaybillConfig config = TestProcess.config(arguments, 4);
        Duration lock = Duration.parse(arguments[3]);
        Queue<String> receipts = queue(arguments[2], lock);
        Convoys.of(Waybill.open(config), queue(arguments[1], lock), machine(receipts))
                .store(store(pool(arguments[0])))
                .sendsTo(receipts)
                .consumer(consumer -> consumer.concurrency(8).prefetch(20))
                .start();
        Thread.currentThread().join();
    }
}
