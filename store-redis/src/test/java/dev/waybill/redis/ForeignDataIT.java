package dev.waybill.redis;

import static dev.waybill.redis.TestConvoys.MACHINE;
import static dev.waybill.redis.TestConvoys.change;
import static dev.waybill.redis.TestConvoys.letter;
import static dev.waybill.redis.TestConvoys.save;
import static dev.waybill.redis.TestConvoys.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.ConvoyStoreException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.RedisClient;

/** What others have written where the store has its own. */
class ForeignDataIT {
    private final RedisClient client = TestRedis.client();
    private final String name = TestRedis.name();
    private final String prefix = "{" + name + "}:";
    private final RedisConvoyStore store =
            RedisConvoyStore.on(client).name(name).open();

    private void assertRefused(ThrowingCallable call, String why) {
        assertThatThrownBy(call)
                .isInstanceOf(ConvoyStoreException.class)
                .hasMessageContaining("convoy store '" + name + "' in Redis at ")
                .hasMessageContaining(why);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "convoy:a",
                "history:a",
                "ids:a",
                "held:a",
                "letters:a",
                "index",
                "due",
                "sending",
                "counts",
                "outbox",
            })
    void aKeyOfAnotherTypeIsNamedAndNothingIsKept(String key) {
        String foreign = prefix + MACHINE + ":" + key;
        client.set(foreign, "mine");
        assertRefused(
                () -> save(store, change("b", 1, 10, letter("b", "b1")), change("a", 1, 10, letter("a", "a1"))),
                "key " + foreign + " is of the type string, not ");
        assertThat(client.get(foreign)).isEqualTo("mine");
        assertThat(version(store, "b")).isZero();
        assertThat(client.keys(prefix + "*")).containsExactlyInAnyOrder(foreign, prefix + "store");
    }

    @Test
    void whoReadsIsToldWhichKeyItIs() {
        client.set(prefix + MACHINE + ":convoy:a", "mine");
        client.set(prefix + MACHINE + ":index", "mine");
        client.set(prefix + MACHINE + ":due:leases", "mine");
        client.set(prefix + MACHINE + ":sending:owners", "mine");
        try (Transaction transaction = store.begin()) {
            assertRefused(() -> transaction.load(MACHINE, "a", "m"), ":convoy:a is of the type string, not hash");
            assertRefused(() -> transaction.due(MACHINE, 1), ":due:leases is of the type string, not zset");
            assertRefused(() -> transaction.outgoing(MACHINE, 1), ":sending:owners is of the type string, not hash");
        }
        assertRefused(() -> store.list(MACHINE, ConvoyFilter.all(), "", 1), ":index is of the type string, not zset");
        assertRefused(() -> store.show(MACHINE, "a"), ":convoy:a is of the type string, not hash");
    }

    @Test
    void aHashThatIsNoConvoyIsNotOverwritten() {
        client.hset(prefix + MACHINE + ":convoy:a", "user", "42");
        assertRefused(
                () -> version(store, "a"), ":convoy:a holds what the store has not written: there is no field state");
        assertRefused(() -> save(store, change("a", 1, 0)), ":convoy:a has no field version");
        assertThat(client.hgetAll(prefix + MACHINE + ":convoy:a")).hasSize(1);
    }

    @Test
    void aFieldThatCannotBeReadIsReported() {
        save(store, change("a", 1, 0, letter("a", "a1")));
        client.hset(prefix + MACHINE + ":convoy:a", "since", "yesterday");
        assertRefused(() -> version(store, "a"), ":convoy:a holds what the store has not written: For input string");
        client.zadd(prefix + MACHINE + ":letters:a", 0, "hello");
        try (Transaction transaction = store.begin()) {
            assertRefused(() -> transaction.outgoing(MACHINE, 10), ":letters:a holds what the store has not written");
        }
    }

    @Test
    void dataOfAnotherFormatAreLeftAlone() {
        save(store, change("a", 1, 0));
        client.hset(prefix + "store", "format", "2");
        String why = "the data are in format 2, this version of Waybill knows format 1";
        assertRefused(() -> version(store, "a"), why);
        assertRefused(() -> save(store, change("a", 2, 0)), why);
        RedisConvoyStore.Builder again = RedisConvoyStore.on(client).name(name);
        assertRefused(again::open, why);
    }

    @Test
    void aCounterThatIsNoneIsReportedBeforeAnythingIsKept() {
        client.hset(prefix + "store", "last-letter", "many");
        assertRefused(() -> save(store, change("a", 1, 0, letter("a", "a1"))), "last-letter that is no number");
        assertThat(version(store, "a")).isZero();
    }
}
