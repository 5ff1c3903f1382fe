package dev.waybill.cli;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.jdbc.JdbcConvoyStore;
import dev.waybill.redis.RedisConvoyStore;
import java.net.URI;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.util.JedisURIHelper;

/** Which store of convoys. */
final class StoreOptions {
    @Option(
            names = "--store",
            paramLabel = "URL",
            defaultValue = "${env:WAYBILL_STORE}",
            description = "Its JDBC URL, of PostgreSQL, MariaDB or H2, or redis://HOST:PORT; by default WAYBILL_STORE.")
    private @Nullable String url;

    @Option(
            names = "--store-user",
            paramLabel = "NAME",
            defaultValue = "${env:WAYBILL_STORE_USERNAME}",
            description = "Who asks; by default WAYBILL_STORE_USERNAME. The password is in WAYBILL_STORE_PASSWORD.")
    private @Nullable String user;

    @Option(
            names = "--table",
            paramLabel = "NAME",
            description = "Its table, by default waybill_convoy; in Redis its name, by default waybill-convoys.")
    private @Nullable String table;

    /** Returns the exit code that the work returns. */
    int with(String machine, ToIntFunction<ConvoyOperations> work) {
        if (url == null) {
            throw new IllegalArgumentException("no store is chosen: give --store or WAYBILL_STORE");
        }
        String password = System.getenv("WAYBILL_STORE_PASSWORD");
        return url.startsWith("redis://") || url.startsWith("rediss://")
                ? inRedis(url, password, machine, work)
                : inDatabase(url, password, machine, work);
    }

    private int inDatabase(String at, @Nullable String password, String machine, ToIntFunction<ConvoyOperations> work) {
        try (HikariDataSource dataSource = dataSource(at, user, password)) {
            JdbcConvoyStore.Builder store = JdbcConvoyStore.on(dataSource);
            if (table != null) {
                store.table(table);
            }
            return work.applyAsInt(new ConvoyOperations(store.open(), machine));
        }
    }

    static HikariDataSource dataSource(String at, @Nullable String user, @Nullable String password) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(at);
        config.setUsername(user);
        config.setPassword(password);
        config.setMaximumPoolSize(1);
        // To find out by the first question is enough.
        config.setInitializationFailTimeout(-1);
        config.setConnectionTimeout(10_000);
        return new HikariDataSource(config);
    }

    private int inRedis(String at, @Nullable String password, String machine, ToIntFunction<ConvoyOperations> work) {
        URI uri = URI.create(at);
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder(uri);
        if (user != null) {
            config.user(user);
        }
        if (password != null) {
            config.password(password);
        }
        try (RedisClient client = RedisClient.builder()
                .hostAndPort(JedisURIHelper.getHostAndPort(uri))
                .clientConfig(config.build())
                .build()) {
            RedisConvoyStore.Builder store = RedisConvoyStore.on(client);
            if (table != null) {
                store.name(table);
            }
            return work.applyAsInt(new ConvoyOperations(store.open(), machine));
        }
    }
}
