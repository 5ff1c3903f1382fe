package dev.waybill.cli;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.jdbc.JdbcConvoyStore;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which store of convoys. */
final class StoreOptions {
    @Option(
            names = "--store",
            paramLabel = "URL",
            defaultValue = "${env:WAYBILL_STORE}",
            description = "Its JDBC URL, of PostgreSQL, MariaDB or H2; by default WAYBILL_STORE.")
    private @Nullable String url;

    @Option(
            names = "--store-user",
            paramLabel = "NAME",
            defaultValue = "${env:WAYBILL_STORE_USERNAME}",
            description = "Who asks; by default WAYBILL_STORE_USERNAME. The password is in WAYBILL_STORE_PASSWORD.")
    private @Nullable String user;

    @Option(names = "--table", paramLabel = "NAME", description = "Its table; by default ${DEFAULT-VALUE}.")
    private String table = "waybill_convoy";

    /** Returns the exit code that the work returns. */
    int with(String machine, ToIntFunction<ConvoyOperations> work) {
        if (url == null) {
            throw new IllegalArgumentException("no store is chosen: give --store or WAYBILL_STORE");
        }
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setPassword(System.getenv("WAYBILL_STORE_PASSWORD"));
        config.setMaximumPoolSize(1);
        // To find out by the first question is enough.
        config.setInitializationFailTimeout(-1);
        config.setConnectionTimeout(10_000);
        try (HikariDataSource dataSource = new HikariDataSource(config)) {
            JdbcConvoyStore store = JdbcConvoyStore.on(dataSource).table(table).open();
            return work.applyAsInt(new ConvoyOperations(store, machine));
        }
    }
}
