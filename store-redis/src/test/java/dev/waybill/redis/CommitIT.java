package dev.waybill.redis;

import static dev.waybill.redis.TestConvoys.MACHINE;
import static dev.waybill.redis.TestConvoys.bodies;
import static dev.waybill.redis.TestConvoys.change;
import static dev.waybill.redis.TestConvoys.convoy;
import static dev.waybill.redis.TestConvoys.due;
import static dev.waybill.redis.TestConvoys.letter;
import static dev.waybill.redis.TestConvoys.outgoing;
import static dev.waybill.redis.TestConvoys.save;
import static dev.waybill.redis.TestConvoys.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StaleConvoyException;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.servers.ServerOptions;
import dev.waybill.servers.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;

/** What one script keeps, or does not. */
class CommitIT {
    private final RedisClient client = TestRedis.client();
    private final String name = TestRedis.name();
    private final RedisConvoyStore store =
            RedisConvoyStore.on(client).name(name).open();

    @Test
    void aZombieIsRefusedAndNothingOfWhatItWantedIsKept() {
        save(store, change("a", 1, 0), change("b", 1, 0), change("gone", 1, 0));
        try (Transaction zombie = store.begin()) {
            StoredConvoy gone = zombie.load(MACHINE, "gone", "").convoy();
            save(store, change("b", 2, 0));
            StoredConvoy after = convoy("a", 2, 10);
            HeldMessage held = new HeldMessage(1, "held", "Paid", Map.of(), new byte[0]);
            zombie.save(new Change(
                    convoy("a", 1, 0), after, List.of(), List.of(held), List.of(), List.of(letter("a", "a1"))));
            zombie.delete(gone);
            zombie.save(change("b", 2, 10, letter("b", "b1")));
            assertThatThrownBy(zombie::commit)
                    .isInstanceOf(StaleConvoyException.class)
                    .hasMessage("convoy 'b' of orders was changed by somebody else meanwhile");
        }
        ConvoyDetails untouched = store.show(MACHINE, "a").orElseThrow();
        assertThat(untouched.convoy().version()).isEqualTo(1);
        assertThat(untouched.held()).isEmpty();
        assertThat(untouched.history()).hasSize(1);
        assertThat(outgoing(store)).isEmpty();
        assertThat(due(store)).isEmpty();
        assertThat(version(store, "gone")).isEqualTo(1);
    }

    @Test
    void whoDeletesWhatHasChangedIsRefused() {
        save(store, change("a", 1, 0));
        try (Transaction zombie = store.begin()) {
            zombie.delete(convoy("a", 1, 0));
            save(store, change("a", 2, 0));
            assertThatThrownBy(zombie::commit)
                    .isInstanceOf(StaleConvoyException.class)
                    .hasMessageContaining("'a'");
        }
        assertThat(version(store, "a")).isEqualTo(2);
    }

    @Test
    void aCommitThatTheClientSendsAgainCountsOnce() {
        Server server = new Server(client, new Keys(name));
        Commit commit = new Commit(server, new Claims(new Leases(server, Duration.ofSeconds(30))));
        commit.save(change("a", 1, 0, letter("a", "a1")));
        for (int i = 0; i < 2; i++) {
            assertThat(server.list(commit.call())).as("not stale").first().isEqualTo(0L);
        }
        assertThat(store.show(MACHINE, "a").orElseThrow().history()).hasSize(1);
        assertThat(outgoing(store)).containsExactly("a1");
    }

    @Test
    void whatALetterHoldsIsKeptToTheByte() {
        byte[] body = new byte[512];
        IntStream.range(0, body.length).forEach(i -> body[i] = (byte) i);
        Outgoing letter = new Outgoing(0, "a", "mails", Map.of("id", "1", "h.x", "a=b & c\nd é"), body, 0);
        save(store, change("a", 1, 0, letter));
        try (Transaction transaction = store.begin()) {
            Outgoing read = transaction.outgoing(MACHINE, 1).get(0);
            assertThat(read.body()).isEqualTo(body);
            assertThat(read.message()).isEqualTo(letter.message());
        }
    }

    @Test
    void whatWasSentOutlivesItsConvoyAndGoesBeforeWhatItsSuccessorSends() {
        save(store, change("a", 1, 0, letter("a", "old")));
        try (Transaction transaction = store.begin()) {
            transaction.delete(convoy("a", 1, 0));
            transaction.commit();
        }
        save(store, change("a", 1, 0, letter("a", "new")));
        assertThat(outgoing(store)).containsExactly("old", "new");
    }

    @Test
    void nothingIsLeftOfWhatIsOver() {
        save(store, change("a", 1, 10, letter("a", "a1")));
        try (Transaction transaction = store.begin()) {
            transaction.due(MACHINE, 10);
            transaction.sent(transaction.outgoing(MACHINE, 10));
            transaction.delete(convoy("a", 1, 0));
            transaction.commit();
        }
        assertThat(client.keys("{" + name + "}*")).containsExactly("{" + name + "}:store");
    }

    @Test
    void aScriptThatTheServerHasForgottenIsSentAgain() {
        save(store, change("a", 1, 0));
        client.scriptFlush("any");
        save(store, change("a", 2, 0));
        assertThat(version(store, "a")).isEqualTo(2);
    }

    @Test
    void aListGoesOnOverAllPages() {
        List<Change> changes = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < 1201; i++) {
            String key = String.format("%04d", i);
            keys.add(key);
            changes.add(change(key, 1, 0));
        }
        save(store, changes.toArray(Change[]::new));
        StoredConvoy last = convoy("1200", 2, 0);
        StoredConvoy stuck = new StoredConvoy(
                MACHINE,
                last.key(),
                "PAID",
                ConvoyStatus.STUCK,
                2,
                1,
                last.data(),
                1,
                1,
                0,
                false,
                0,
                0,
                0,
                null,
                "why");
        save(store, new Change(convoy("1200", 1, 0), stuck, List.of(), List.of(), List.of(), List.of()));
        assertThat(TestConvoys.keys(store.list(MACHINE, ConvoyFilter.all(), "", 1_150)))
                .isEqualTo(keys.subList(0, 1_150));
        assertThat(TestConvoys.keys(store.list(MACHINE, ConvoyFilter.all(), "", 10_000)))
                .isEqualTo(keys);
        assertThat(TestConvoys.keys(store.list(MACHINE, ConvoyFilter.all().withStatus(ConvoyStatus.STUCK), "", 10)))
                .containsExactly("1200");
    }

    @Test
    void aServerThatIsFullKeepsNothingOfACommitAndGoesOnLater() {
        try (TestServer server = TestRedis.start(ServerOptions.usual());
                RedisClient full = RedisClient.create(server.uri())) {
            RedisConvoyStore own = RedisConvoyStore.on(full).open();
            save(own, change("a", 1, 0, letter("a", "a1")));
            full.configSet("maxmemory", "1");
            assertThatThrownBy(() -> save(own, change("a", 2, 0, letter("a", "a2")), change("b", 1, 0)))
                    .isInstanceOf(ConvoyStoreException.class)
                    .hasMessageContaining("OOM");
            assertThat(own.show(MACHINE, "a").orElseThrow().history()).hasSize(1);
            full.configSet("maxmemory", "0");
            assertThat(version(own, "b")).isZero();
            assertThat(outgoing(own)).containsExactly("a1");
            save(own, change("a", 2, 0));
        }
    }

    @Test
    void theClientIsLentAndNothingElse() {
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.unwrap(UnifiedJedis.class)).containsSame(client);
            assertThat(transaction.unwrap(RedisClient.class)).containsSame(client);
            assertThat(transaction.unwrap(AutoCloseable.class)).isEmpty();
        }
    }

    @Test
    void whatHasEndedIsNotCommittedAgain() {
        try (Transaction transaction = store.begin()) {
            transaction.commit();
            assertThatThrownBy(transaction::commit).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void onlyWhatWasGotIsSent() {
        save(store, change("a", 1, 0, letter("a", "a1")));
        List<Outgoing> letters;
        try (Transaction transaction = store.begin()) {
            letters = transaction.outgoing(MACHINE, 1);
        }
        try (Transaction another = store.begin()) {
            assertThatThrownBy(() -> another.sent(letters)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(bodies(letters)).isEqualTo(outgoing(store));
    }
}
