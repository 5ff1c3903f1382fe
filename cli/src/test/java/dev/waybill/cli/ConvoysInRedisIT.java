package dev.waybill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.redis.RedisConvoyStore;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/** That the store may be Redis; what is done with it is the same everywhere. */
class ConvoysInRedisIT {
    private static StoredConvoy convoy(long version) {
        return new StoredConvoy(
                "accounts",
                "a",
                "OPEN",
                ConvoyStatus.STUCK,
                version,
                1,
                new byte[0],
                1,
                1,
                0,
                false,
                0,
                0,
                1,
                null,
                "bad luck");
    }

    @Test
    void aConvoyInRedisIsListedAndRetried() {
        try (TestServer server = TestServers.start("redis");
                RedisClient client = RedisClient.create(server.uri())) {
            String name = UUID.randomUUID().toString();
            RedisConvoyStore store = RedisConvoyStore.on(client).name(name).open();
            try (Transaction transaction = store.begin()) {
                transaction.save(new Change(convoy(0), convoy(1), List.of(), List.of(), List.of(), List.of()));
                transaction.commit();
            }
            assertThat(run("list", "accounts", "--store", server.uri(), "--table", name))
                    .contains("bad luck");
            run("retry", "accounts", "a", "--store", server.uri(), "--table", name);
            assertThat(store.show("accounts", "a").orElseThrow().convoy().status())
                    .isEqualTo(ConvoyStatus.RESUMED);
        }
    }

    private static String run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] all = new String[arguments.length + 1];
        all[0] = "convoys";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        int code = Main.line()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(all);
        assertThat(code).as(err.toString()).isZero();
        return out.toString();
    }
}
