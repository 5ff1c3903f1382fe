package dev.waybill.redis;

import static dev.waybill.redis.TestConvoys.MACHINE;
import static dev.waybill.redis.TestConvoys.bodies;
import static dev.waybill.redis.TestConvoys.change;
import static dev.waybill.redis.TestConvoys.convoy;
import static dev.waybill.redis.TestConvoys.due;
import static dev.waybill.redis.TestConvoys.keys;
import static dev.waybill.redis.TestConvoys.letter;
import static dev.waybill.redis.TestConvoys.outgoing;
import static dev.waybill.redis.TestConvoys.save;
import static dev.waybill.redis.TestConvoys.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StaleConvoyException;
import java.io.BufferedReader;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/** What belongs to one transaction at a time, and for how long. */
class LeaseIT {
    private static final Duration LEASE = Duration.ofSeconds(2);

    private final RedisClient client = TestRedis.client();
    private final String name = TestRedis.name();
    private final RedisConvoyStore store =
            RedisConvoyStore.on(client).name(name).lease(LEASE).open();
    /** One that renews nothing while a test lasts. */
    private final RedisConvoyStore still =
            RedisConvoyStore.on(client).name(name).lease(Duration.ofMinutes(10)).open();

    /** Claims all, says so, and hangs. */
    static final class Victim {
        public static void main(String[] arguments) throws InterruptedException {
            RedisConvoyStore store = RedisConvoyStore.on(RedisClient.create(arguments[0]))
                    .name(arguments[1])
                    .lease(LEASE)
                    .open();
            Transaction transaction = store.begin();
            System.out.println(
                    "claimed " + keys(transaction.due(MACHINE, 10)) + " " + bodies(transaction.outgoing(MACHINE, 10)));
            Thread.currentThread().join();
        }
    }

    @Test
    void whatADeadProcessHadComesFreeWhenItsLeaseEnds() throws Exception {
        save(store, change("a", 1, 10, letter("a", "a1")));
        Process victim = ChildProcess.start(Victim.class, TestRedis.uri(), name);
        try (BufferedReader said = victim.inputReader()) {
            assertThat(said.readLine()).isEqualTo("claimed [a] [a1]");
            // It lives, and so renews.
            await().during(LEASE.plusSeconds(1))
                    .atMost(LEASE.plusSeconds(5))
                    .until(() -> due(store).isEmpty() && outgoing(store).isEmpty());
        } finally {
            victim.destroyForcibly().waitFor();
        }
        await().atMost(LEASE.plusSeconds(5)).until(() -> due(store).equals(List.of("a")));
        assertThat(outgoing(store)).containsExactly("a1");
    }

    /** As if the process had stood still for longer than that. */
    private void endLeases(String what) {
        String leases = "{" + name + "}:" + MACHINE + ":" + what + ":leases";
        Map<String, Double> ended = new HashMap<>();
        client.zrange(leases, 0, -1).forEach(key -> ended.put(key, 0.0));
        client.zadd(leases, ended);
    }

    @Test
    void aTimeOutWhoseLeaseHasEndedFiresOnceAllTheSame() {
        save(store, change("a", 1, 10));
        try (Transaction slow = still.begin();
                Transaction other = store.begin()) {
            assertThat(keys(slow.due(MACHINE, 10))).containsExactly("a");
            endLeases("due");
            assertThat(keys(other.due(MACHINE, 10))).containsExactly("a");
            other.save(change("a", 2, 0, letter("a", "timed out")));
            other.commit();
            slow.save(change("a", 2, 0, letter("a", "timed out")));
            assertThatThrownBy(slow::commit).isInstanceOf(StaleConvoyException.class);
        }
        assertThat(version(store, "a")).isEqualTo(2);
        assertThat(outgoing(store)).containsExactly("timed out");
    }

    @Test
    void whoHasLostALeaseNeitherSettlesNorPostponesNorGivesUpWhatAnotherHas() {
        save(store, change("a", 1, 0, letter("a", "a1"), letter("a", "a2")), change("b", 1, 0, letter("b", "b1")));
        try (Transaction slow = still.begin();
                Transaction other = store.begin()) {
            List<Outgoing> lost = slow.outgoing(MACHINE, 10);
            assertThat(bodies(lost)).containsExactly("a1", "a2", "b1");
            endLeases("sending");
            List<Outgoing> got = other.outgoing(MACHINE, 10);
            assertThat(bodies(got)).containsExactly("a1", "a2", "b1");
            slow.sent(lost.subList(0, 1));
            slow.postpone(lost.subList(2, 3), 60_000);
            slow.commit();
            assertThat(outgoing(store)).as("what the other still has").isEmpty();
            other.sent(got.subList(1, 2));
            other.commit();
        }
        assertThat(outgoing(store)).containsExactly("a1", "b1");
    }

    @Test
    void whatManyHadWhoDiedComesFreeAtOnce() {
        Change[] changes =
                IntStream.range(0, 1_500).mapToObj(i -> change("k" + i, 1, 10)).toArray(Change[]::new);
        save(store, changes);
        try (Transaction dead = still.begin();
                Transaction other = store.begin()) {
            assertThat(dead.due(MACHINE, 1_500)).hasSize(1_500);
            endLeases("due");
            assertThat(other.due(MACHINE, 1_500)).hasSize(1_500);
        }
    }

    @Test
    void nothingIsLeftOfALeaseThatNobodyHasGivenUp() {
        save(store, change("a", 1, 10));
        try (Transaction dead = still.begin()) {
            assertThat(dead.due(MACHINE, 10)).hasSize(1);
            endLeases("due");
            save(store, change("a", 2, 0));
            assertThat(due(store)).isEmpty();
            assertThat(client.keys("{" + name + "}:" + MACHINE + ":due*")).isEmpty();
        }
    }

    @Test
    void whatComesAfterAPostponedLetterDoesNotBringItForward() {
        save(store, change("a", 1, 0, letter("a", "a1")));
        try (Transaction transaction = store.begin()) {
            transaction.postpone(transaction.outgoing(MACHINE, 10), 60_000);
            transaction.commit();
        }
        save(store, change("a", 2, 0, letter("a", "a2")), change("b", 1, 0, letter("b", "b1")));
        assertThat(outgoing(store)).containsExactly("b1");
    }

    @Test
    void whatIsNotTakenIsNotKeptFromOthers() {
        save(
                store,
                change("a", 1, 0, letter("a", "a1"), letter("a", "a2")),
                change("b", 1, 0, letter("b", "b1")),
                change("c", 1, 0, letter("c", "c1")));
        try (Transaction one = store.begin();
                Transaction other = store.begin()) {
            assertThat(bodies(one.outgoing(MACHINE, 2))).containsExactly("a1", "a2");
            assertThat(bodies(other.outgoing(MACHINE, 10))).containsExactly("b1", "c1");
        }
    }

    @Test
    void aConvoyThatChangesStaysWithWhoHasIt() {
        save(store, change("a", 1, 10));
        try (Transaction one = store.begin()) {
            assertThat(keys(one.due(MACHINE, 10))).containsExactly("a");
            save(store, change("a", 2, 20));
            assertThat(due(store)).isEmpty();
        }
        assertThat(due(store)).containsExactly("a");
    }

    @Test
    void aConvoyThatSomebodyHasDeletedByHandHoldsUpNobody() {
        save(store, change("a", 1, 10), change("b", 1, 20));
        client.del("{" + name + "}:" + MACHINE + ":convoy:a");
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.due(MACHINE, 1)).isEmpty();
        }
        try (Transaction transaction = store.begin()) {
            assertThat(keys(transaction.due(MACHINE, 1))).containsExactly("b");
        }
    }

    @Test
    void whatIsGivenUpCanBeHadAtOnce() {
        save(store, change("a", 1, 10));
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.due(MACHINE, 10)).hasSize(1);
            transaction.save(change("a", 2, convoy("a", 1, 10).dueAt()));
            transaction.commit();
            assertThat(due(store)).containsExactly("a");
        }
    }
}
