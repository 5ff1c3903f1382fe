package dev.waybill.jdbc;

import dev.waybill.TopologyMode;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A consumer in a process of its own, which {@link ExactlyOnceIT} kills. It takes deliveries from a list, adds each amount to a
 * balance in one transaction, and acknowledges in another, as one would on a broker.
 */
final class BalanceWorker {
    static final int ACCOUNTS = 16;

    /** What it prints when it has handled its first delivery. */
    static final String WORKING = "working";

    private final Connection connection;
    private final JdbcIdempotencyStore store;
    private final boolean marks;
    private final boolean endless;

    private BalanceWorker(Connection connection, JdbcIdempotencyStore store, boolean marks, boolean endless) {
        this.connection = connection;
        this.store = store;
        this.marks = marks;
        this.endless = endless;
    }

    private record Delivery(long number, String messageId, long amount) {}

    /** @param args the URL; whether it marks; whether it waits for more when the list is empty, or ends */
    public static void main(String[] args) throws SQLException {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setUrl(args[0]);
        try (JdbcIdempotencyStore store = JdbcIdempotencyStore.on(dataSource)
                        .schema(TopologyMode.OFF)
                        .cleanEvery(Duration.ZERO)
                        .open();
                Connection connection = dataSource.getConnection()) {
            new BalanceWorker(connection, store, Boolean.parseBoolean(args[1]), Boolean.parseBoolean(args[2])).work();
        }
    }

    private void work() throws SQLException {
        boolean told = false;
        List<Delivery> deliveries = receive();
        while (endless || !deliveries.isEmpty()) {
            for (Delivery delivery : deliveries) {
                handle(delivery);
                acknowledge(delivery);
                if (!told) {
                    told = true;
                    System.out.println(WORKING);
                }
            }
            if (deliveries.isEmpty()) {
                LockSupport.parkNanos(1_000_000);
            }
            deliveries = receive();
        }
    }

    /** Some of what is not acknowledged. Others may be at work on the same. */
    private List<Delivery> receive() throws SQLException {
        List<Delivery> deliveries = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("UPDATE work SET deliveries = deliveries + 1 WHERE number IN"
                        + " (SELECT number FROM work WHERE NOT acknowledged ORDER BY random() LIMIT 5)"
                        + " RETURNING number, message_id, amount")) {
            while (rows.next()) {
                deliveries.add(new Delivery(rows.getLong(1), rows.getString(2), rows.getLong(3)));
            }
        }
        return deliveries;
    }

    private void handle(Delivery delivery) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement add =
                connection.prepareStatement("UPDATE account SET balance = balance + ? WHERE number = ?")) {
            if (!marks || store.mark(connection, "payments", delivery.messageId)) {
                add.setLong(1, delivery.amount);
                add.setInt(2, ThreadLocalRandom.current().nextInt(ACCOUNTS));
                add.executeUpdate();
            }
            connection.commit();
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private void acknowledge(Delivery delivery) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("UPDATE work SET acknowledged = TRUE WHERE number = ?")) {
            statement.setLong(1, delivery.number);
            statement.executeUpdate();
        }
    }
}
