package dev.waybill.idempotency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.idempotency.Claim.State;
import dev.waybill.inmemory.SettableTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the store in memory does beside the contract, which the conformance suite holds it to: its bounds. */
class InMemoryIdempotencyStoreTest {
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final Duration TIME_TO_LIVE = Duration.ofHours(1);

    private final SettableTime time = new SettableTime();
    private final InMemoryIdempotencyStore store = new InMemoryIdempotencyStore(3, TIME_TO_LIVE, time);

    @Test
    void whenFullItForgetsWhatWasConfirmedFirst() {
        store.confirm(claim("a"));
        store.confirm(claim("b"));
        claim("c");
        claim("d");
        assertThat(store.size()).isEqualTo(3);
        assertThat(claim("b").state()).isEqualTo(State.DONE);
        assertThat(claim("c").state()).isEqualTo(State.TAKEN);
        assertThat(claim("a").state()).as("the first that was confirmed").isEqualTo(State.NEW);
    }

    @Test
    void whenAllThatItHoldsIsBeingHandledItRefuses() {
        claim("a");
        claim("b");
        Claim last = claim("c");
        assertThatThrownBy(() -> claim("d"))
                .isInstanceOf(IdempotencyStoreException.class)
                .hasMessageContaining("all of the 3 messages");
        assertThat(claim("a").state()).as("one that it holds").isEqualTo(State.TAKEN);
        store.abandon(last);
        assertThat(claim("d").state()).isEqualTo(State.NEW);
    }

    @Test
    void whenFullItForgetsClaimsWhoseLeaseEnded() {
        claim("a");
        claim("b");
        time.advance(LEASE);
        claim("c");
        assertThat(claim("d").state()).isEqualTo(State.NEW);
        assertThat(store.size()).isEqualTo(2);
    }

    @Test
    void whatEndedTakesNoRoom() {
        store.confirm(claim("a"));
        claim("b");
        time.advance(TIME_TO_LIVE.plus(LEASE));
        claim("c");
        assertThat(store.size()).isEqualTo(1);
    }

    @Test
    void wrongBoundsAreRefusedByNameAndRange() {
        assertThatThrownBy(() -> new InMemoryIdempotencyStore(0, TIME_TO_LIVE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("capacity of the idempotency store is 0 but must be at least 1");
        assertThatThrownBy(() -> new InMemoryIdempotencyStore(1, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("timeToLive of the idempotency store is PT0S but must be PT1S to PT8784H");
    }

    private Claim claim(String messageId) {
        return store.claim("orders", messageId, "consumer", LEASE);
    }
}
