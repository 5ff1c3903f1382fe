package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.idempotency.Claim;
import dev.waybill.idempotency.Claim.State;
import dev.waybill.idempotency.IdempotencyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@link IdempotencyStore} promises. Whoever writes a store extends this. */
public abstract class IdempotencyStoreContract {
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final int THREADS = 16;
    private static final int MESSAGES = 1000;

    /** How long the store under test is to remember. */
    protected static final Duration TIME_TO_LIVE = Duration.ofHours(1);

    private IdempotencyStore store;

    /** A store that is empty and remembers for {@link #TIME_TO_LIVE}; asked for once per test. It holds at least 10,000 messages. */
    protected abstract IdempotencyStore store() throws Exception;

    /** Lets this much time pass for that store: by moving its clock, or by moving what it knows into the past. */
    protected abstract void elapse(Duration time) throws Exception;

    @BeforeEach
    final void openStore() throws Exception {
        store = store();
    }

    private Claim claim(String messageId) {
        return store.claim("orders", messageId, "consumer", LEASE);
    }

    private Claim claimed(String messageId) {
        Claim claim = claim(messageId);
        assertThat(claim.state()).as("the claim of '%s'", messageId).isEqualTo(State.NEW);
        return claim;
    }

    private void assertState(String messageId, State state) {
        assertThat(claim(messageId).state()).as("a claim of '%s'", messageId).isEqualTo(state);
    }

    @Test
    void aMessageThatNobodyClaimedIsNew() {
        Claim claim = claim("a");
        assertThat(claim.state()).isEqualTo(State.NEW);
        assertThat(claim.queue()).isEqualTo("orders");
        assertThat(claim.messageId()).isEqualTo("a");
    }

    @Test
    void aClaimedMessageIsTakenForAsLongAsTheLeaseLasts() throws Exception {
        claimed("a");
        elapse(Duration.ofSeconds(10));
        Claim second = store.claim("orders", "a", "another", LEASE);
        assertThat(second.state()).isEqualTo(State.TAKEN);
        assertThat(second.retryAfterMillis()).isBetween(1L, 20_000L);
        elapse(Duration.ofMillis(second.retryAfterMillis()));
        assertState("a", State.NEW);
    }

    @Test
    void anOwnerThatAsksAgainWaitsAsEverybody() {
        claimed("a");
        assertState("a", State.TAKEN);
    }

    @Test
    void aConfirmedMessageIsDone() throws Exception {
        assertThat(store.confirm(claimed("a"))).as("confirmed").isTrue();
        assertState("a", State.DONE);
        elapse(LEASE.multipliedBy(2));
        assertState("a", State.DONE);
    }

    @Test
    void anAbandonedMessageIsNewAtOnce() {
        store.abandon(claimed("a"));
        assertState("a", State.NEW);
        assertState("a", State.TAKEN);
    }

    @Test
    void confirmingAgainIsAnsweredAsTheFirstTime() {
        Claim claim = claimed("a");
        assertThat(store.confirm(claim)).as("confirmed").isTrue();
        assertThat(store.confirm(claim)).as("confirmed again").isTrue();
        assertState("a", State.DONE);
    }

    @Test
    void abandoningWhatWasConfirmedChangesNothing() {
        Claim claim = claimed("a");
        store.confirm(claim);
        store.abandon(claim);
        assertState("a", State.DONE);
    }

    @Test
    void aConfirmedMessageHasNoLeaseToRenew() throws Exception {
        Claim claim = claimed("a");
        store.confirm(claim);
        assertThat(store.renew(claim, LEASE)).as("renewed").isFalse();
        elapse(LEASE.multipliedBy(2));
        assertState("a", State.DONE);
    }

    @Test
    void anAbandonedClaimCanNeitherBeConfirmedNorRenewed() {
        Claim claim = claimed("a");
        store.abandon(claim);
        assertThat(store.renew(claim, LEASE)).as("renewed").isFalse();
        assertThat(store.confirm(claim)).as("confirmed").isFalse();
        assertState("a", State.NEW);
    }

    @Test
    void aRenewedLeaseLastsFromTheRenewal() throws Exception {
        Claim claim = claimed("a");
        elapse(Duration.ofSeconds(20));
        assertThat(store.renew(claim, LEASE)).as("renewed").isTrue();
        elapse(Duration.ofSeconds(20));
        assertState("a", State.TAKEN);
        elapse(Duration.ofSeconds(10));
        assertState("a", State.NEW);
    }

    @Test
    void aRenewalCanShortenTheLease() throws Exception {
        Claim claim = claimed("a");
        assertThat(store.renew(claim, Duration.ofSeconds(5))).as("renewed").isTrue();
        elapse(Duration.ofSeconds(5));
        assertState("a", State.NEW);
    }

    @Test
    void aLateConsumerMayConfirmAndRenewWhatNobodyHasTaken() throws Exception {
        Claim claim = claimed("a");
        elapse(LEASE.multipliedBy(2));
        assertThat(store.renew(claim, LEASE)).as("renewed").isTrue();
        assertState("a", State.TAKEN);
        elapse(LEASE.multipliedBy(2));
        assertThat(store.confirm(claim)).as("confirmed").isTrue();
        assertState("a", State.DONE);
    }

    @Test
    void aLateConsumerCannotConfirmWhatAnotherHasTaken() throws Exception {
        Claim late = claimed("a");
        elapse(LEASE);
        Claim present = claimed("a");
        assertThat(store.confirm(late)).as("confirmed by the former owner").isFalse();
        assertState("a", State.TAKEN);
        assertThat(store.confirm(present)).as("confirmed by the present owner").isTrue();
        assertThat(store.confirm(late)).as("confirmed by the former owner").isFalse();
        assertState("a", State.DONE);
    }

    @Test
    void aLateConsumerCannotFreeWhatAnotherHasTaken() throws Exception {
        Claim late = claimed("a");
        elapse(LEASE);
        claimed("a");
        store.abandon(late);
        assertState("a", State.TAKEN);
    }

    @Test
    void aLateConsumerCannotRenewWhatAnotherHasTaken() throws Exception {
        Claim late = claimed("a");
        elapse(LEASE);
        claimed("a");
        assertThat(store.renew(late, LEASE.multipliedBy(10)))
                .as("renewed by the former owner")
                .isFalse();
        elapse(LEASE);
        assertState("a", State.NEW);
    }

    /** A token that were counted up per message would start again after the message was freed. */
    @Test
    void aLateConsumerStaysLateAfterAnotherHasFreedTheMessage() throws Exception {
        Claim late = claimed("a");
        elapse(LEASE);
        store.abandon(claimed("a"));
        Claim present = claimed("a");
        assertThat(store.confirm(late)).as("confirmed by the former owner").isFalse();
        store.abandon(late);
        assertState("a", State.TAKEN);
        assertThat(store.confirm(present)).as("confirmed by the present owner").isTrue();
    }

    @Test
    void aConfirmedMessageIsRememberedForTheTimeToLiveAndNoLonger() throws Exception {
        store.confirm(claimed("a"));
        elapse(TIME_TO_LIVE.minusMinutes(1));
        assertState("a", State.DONE);
        elapse(Duration.ofMinutes(2));
        assertState("a", State.NEW);
        assertState("a", State.TAKEN);
    }

    @Test
    void messagesAreToldApartByEveryCharacter() {
        List<String> ids = List.of(
                "a",
                "A",
                "a ",
                "a  ",
                " a",
                "a\t",
                "a\0",
                "\0",
                "\u00e4",
                "a\u0308",
                "\u00c4",
                "ss",
                "\u00df",
                "i",
                "\u0131",
                "\u0130",
                "\u4e2d\u6587",
                "\ud83d\ude00",
                "\ud83d\ude01",
                "'; --",
                "a%",
                "a_",
                "\\",
                "\uffff",
                "x".repeat(127),
                "x".repeat(128),
                "\u4e2d".repeat(128),
                "\ud83d\ude00".repeat(64));
        for (String id : ids) {
            claimed(id);
        }
        for (String id : ids) {
            assertState(id, State.TAKEN);
        }
    }

    @Test
    void theSameIdInAnotherQueueIsAnotherMessage() {
        store.confirm(claimed("a"));
        for (String queue : List.of("Orders", "orders2", "\u4e2d".repeat(128))) {
            Claim claim = store.claim(queue, "a", "consumer", LEASE);
            assertThat(claim.state()).as("in queue %s", queue).isEqualTo(State.NEW);
            assertThat(store.confirm(claim)).isTrue();
        }
    }

    @Test
    void queueAndIdDoNotRunIntoEachOther() {
        store.claim("ab", "c", "consumer", LEASE);
        assertThat(store.claim("a", "bc", "consumer", LEASE).state()).isEqualTo(State.NEW);
    }

    @Test
    void whatNoStoreCanHoldIsRefusedByAll() {
        for (String id : List.of("", "x".repeat(129), "\ud83d", "\ude00", "\ud83dx", "x\ude00\ud83d")) {
            assertRefused(id, "consumer", LEASE);
        }
        assertRefused("a", "", LEASE);
        assertRefused("a", "x".repeat(129), LEASE);
        assertRefused("a", "con\0sumer", LEASE);
        assertRefused("a", "consumer", Duration.ZERO);
        assertRefused("a", "consumer", Duration.ofDays(2));
        assertThatThrownBy(() -> store.claim("", "a", "consumer", LEASE)).isInstanceOf(IllegalArgumentException.class);
        Claim claim = store.claim("orders", "a", "\u4e2d\ud83d\ude00".repeat(42), LEASE);
        assertThat(claim.state()).isEqualTo(State.NEW);
        assertThatThrownBy(() -> store.renew(claim, Duration.ofNanos(1))).isInstanceOf(IllegalArgumentException.class);
    }

    private void assertRefused(String messageId, String owner, Duration lease) {
        assertThatThrownBy(() -> store.claim("orders", messageId, owner, lease))
                .as("a claim of '%s' by '%s' for %s", messageId, owner, lease)
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatWasNotOursCannotBeSettled() {
        store.confirm(claimed("done"));
        claimed("taken");
        for (Claim claim : List.of(claim("done"), claim("taken"))) {
            assertThatThrownBy(() -> store.confirm(claim)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> store.renew(claim, LEASE)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> store.abandon(claim)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void ofManyThatClaimAThousandMessagesAtOnceEachIsGivenToOne() throws Exception {
        List<List<Claim>> granted = everyThread(() -> {
            List<Claim> mine = new ArrayList<>();
            for (String id : ids(MESSAGES)) {
                Claim claim = claim(id);
                if (claim.state() == State.NEW) {
                    mine.add(claim);
                }
            }
            return mine;
        });
        assertThat(granted.stream().flatMap(List::stream).map(Claim::messageId))
                .as("messages that were given to somebody")
                .doesNotHaveDuplicates()
                .hasSize(MESSAGES);
        for (List<Claim> mine : granted) {
            assertThat(mine).as("claims that can be confirmed").allMatch(store::confirm);
        }
        for (String id : ids(MESSAGES)) {
            assertState(id, State.DONE);
        }
    }

    @Test
    void ofManyThatTakeOverFromADeadConsumerOneGetsEachMessage() throws Exception {
        List<Claim> dead = new ArrayList<>();
        for (String id : ids(100)) {
            dead.add(claimed(id));
        }
        elapse(LEASE);
        List<List<Claim>> granted = everyThread(() -> {
            List<Claim> mine = new ArrayList<>();
            for (String id : ids(100)) {
                Claim claim = claim(id);
                if (claim.state() == State.NEW) {
                    mine.add(claim);
                }
            }
            return mine;
        });
        assertThat(granted.stream().flatMap(List::stream).map(Claim::messageId))
                .as("messages that were taken over")
                .doesNotHaveDuplicates()
                .hasSize(100);
        for (List<Claim> mine : granted) {
            assertThat(mine).as("claims that can be confirmed").allMatch(store::confirm);
        }
        assertThat(dead).as("claims of the dead consumer").noneMatch(store::confirm);
    }

    private static List<String> ids(int count) {
        List<String> ids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ids.add("m" + i);
        }
        return ids;
    }

    private static <T> List<T> everyThread(Callable<T> work) throws Exception {
        CyclicBarrier start = new CyclicBarrier(THREADS);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<T>> running = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                running.add(threads.submit(() -> {
                    start.await(30, TimeUnit.SECONDS);
                    return work.call();
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> one : running) {
                results.add(one.get(60, TimeUnit.SECONDS));
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }
}
