package dev.waybill.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStatus;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;

/** A message to a convoy of which each process dies that handles it. */
final class DeadlyConvoy {
    private static final int DELIVERIES = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private DeadlyConvoy() {}

    /** It goes to the dead-letter queue when it may not be delivered once more, and convoys go on without it. */
    static void endsInTheDeadLetterQueue(WaybillConfig config) throws Exception {
        Queue<String> orders = AccountProcess.queue("deadly", Duration.ofSeconds(2), DELIVERIES);
        Queue<String> receipts = AccountProcess.queue("deadly-receipts", Duration.ofSeconds(2));
        try (EmbeddedPostgres database = EmbeddedPostgres.start();
                Waybill waybill = Waybill.open(config);
                Connection connection = database.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            String url = database.getJdbcUrl("postgres", "postgres");
            statement.execute("CREATE TABLE account (owner VARCHAR(20) PRIMARY KEY, balance BIGINT NOT NULL)");
            statement.execute("INSERT INTO account VALUES ('a', 0), ('b', 0)");
            for (String text : List.of("1", AccountProcess.DEADLY, "2", AccountProcess.CLOSE)) {
                waybill.producer(orders).sendAndWait(Message.with(text).key("a").build());
            }
            for (int i = 0; i < DELIVERIES; i++) {
                try (AccountProcess dying = new AccountProcess(config, url, orders, receipts)) {
                    dying.awaitDeath();
                }
            }
            for (String text : List.of("4", AccountProcess.CLOSE)) {
                waybill.producer(orders).sendAndWait(Message.with(text).key("b").build());
            }
            try (AccountProcess living = new AccountProcess(config, url, orders, receipts);
                    HikariDataSource pool = AccountProcess.pool(url)) {
                ConvoyOperations convoys = new ConvoyOperations(AccountProcess.store(pool), AccountProcess.MACHINE);
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(
                                        convoys.list(ConvoyFilter.all().withStatus(ConvoyStatus.DONE), "", 10))
                                .hasSize(2));
                assertThat(living.lives()).isTrue();
            }
            assertThat(balance(statement, "a")).isEqualTo(3);
            assertThat(balance(statement, "b")).isEqualTo(4);
            assertThat(waybill.deadLetters(orders).browse(DeadLetterFilter.all(), 0, 10).stream()
                            .map(DeadLetter::body)
                            .map(body -> new String(body, StandardCharsets.UTF_8)))
                    .containsExactly(AccountProcess.DEADLY);
        }
    }

    private static long balance(Statement statement, String owner) throws Exception {
        try (ResultSet row = statement.executeQuery("SELECT balance FROM account WHERE owner = '" + owner + "'")) {
            row.next();
            return row.getLong(1);
        }
    }
}
