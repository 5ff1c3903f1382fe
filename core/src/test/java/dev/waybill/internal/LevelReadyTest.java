package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.PriorityPolicy;
import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.inmemory.InMemoryBrokerProvider;
import dev.waybill.inmemory.SettableTime;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.ReceiverOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The messages that wait for a worker, by level, without the workers. */
class LevelReadyTest {
    private static final int HIGH = 2;
    private static final PriorityPolicy STRICT = PriorityPolicy.strict(3);

    private final SettableTime time = new SettableTime();
    private final Timer timer = new Timer();
    private final Broker broker = new InMemoryBrokerProvider()
            .open(new ContextImpl(new Settings(Map.of("waybill.broker", "in-memory")), Runnable::run, time));
    private final Engine engine = TestEngine.of(broker, timer, time);
    private final Unsettled unsettled = new Unsettled();
    private final Set<String> lost = new HashSet<>();
    private Lanes lanes = Lanes.of(
            new QueueDefinition("q", 3, Duration.ofSeconds(30), RetryPolicy.DEFAULT),
            STRICT,
            broker.limits().maxPriorities());
    private final Map<Integer, Lane> open = new HashMap<>();
    private LevelReady<String> ready = new LevelReady<>(lanes, time::nanos);

    @AfterEach
    void close() {
        open.values().forEach(lane -> lane.receiver().close());
        broker.close();
        timer.close();
    }

    private void follow(PriorityPolicy policy) {
        lanes = Lanes.of(lanes.first().queue(), policy, 0);
        ready = new LevelReady<>(lanes, time::nanos);
    }

    /** What a broker has handed over. */
    private record Received(Envelope envelope, Set<String> gone) implements Inbound {
        @Override
        public int deliveryCount() {
            return 1;
        }

        @Override
        public boolean redelivered() {
            return false;
        }

        @Override
        public long lockedUntilNanos() {
            return NO_LOCK_END;
        }

        @Override
        public boolean lost() {
            return gone.contains(envelope.id());
        }
    }

    private HeldMessage<String> message(String id, int level, long sentAt) {
        return message(new Envelope(id, null, null, sentAt, Map.of(), new byte[0]), level);
    }

    private HeldMessage<String> message(Envelope envelope, int level) {
        return new HeldMessage<>(
                new Received(envelope, lost), open.computeIfAbsent(level, any -> lane(lanes.of(level))));
    }

    private Lane lane(Destination place) {
        broker.declare(lanes.first().queue(), TopologyMode.DECLARE);
        broker.declare(place.queue(), TopologyMode.DECLARE);
        return new Lane(engine, place, broker.receiver(place, new ReceiverOptions(1)), 1, unsettled, lanes);
    }

    private void add(int level, String... ids) {
        for (String id : ids) {
            ready.add(message(id, level, time.epochMillis()));
        }
    }

    private HeldMessage<String> poll() {
        HeldMessage<String> next = ready.poll();
        assertThat(next).isNotNull();
        return next;
    }

    private List<String> pollAll() {
        List<String> ids = new ArrayList<>();
        for (HeldMessage<String> next = ready.poll(); next != null; next = ready.poll()) {
            ids.add(next.id());
        }
        return ids;
    }

    @Test
    void theHighestFirstAndInALevelTheFirst() {
        add(0, "low-1", "low-2");
        add(HIGH, "high-1", "high-2");
        add(1, "middle");
        assertThat(ready.size()).isEqualTo(5);
        assertThat(ready.size(HIGH)).isEqualTo(2);
        assertThat(pollAll()).containsExactly("high-1", "high-2", "middle", "low-1", "low-2");
        assertThat(ready.size()).isZero();
        assertThat(ready.size(HIGH)).isZero();
    }

    @Test
    void whatWasNotTriedComesFirstAgain() {
        add(HIGH, "high-1", "high-2");
        ready.putBack(poll(), false);
        assertThat(pollAll()).containsExactly("high-1", "high-2");
    }

    @Test
    void whatWasTriedInVainGoesBehindAllLevels() {
        add(HIGH, "bad-1", "bad-2");
        add(0, "low-1", "low-2");
        ready.putBack(poll(), true);
        ready.putBack(poll(), true);
        assertThat(ready.untried()).isEqualTo(2);
        assertThat(ready.size()).isEqualTo(4);
        assertThat(ready.size(HIGH)).isEqualTo(2);
        assertThat(pollAll()).containsExactly("low-1", "low-2", "bad-1", "bad-2");
    }

    @Test
    void whatWasTriedInVainDoesNotWaitForEverBehindWhatComesLater() {
        add(HIGH, "bad");
        add(0, "low-1", "low-2");
        ready.putBack(poll(), true);
        List<String> taken = new ArrayList<>();
        for (int i = 1; i <= 6; i++) {
            add(HIGH, "high-" + i);
            taken.add(poll().id());
        }
        // Behind as many as were there, and then behind those of its level that are.
        assertThat(taken).containsExactly("high-1", "high-2", "high-3", "bad", "high-4", "high-5");
    }

    @Test
    void whatWasTriedInVainComesAgainAtOnceIfThereIsNothingElse() {
        add(HIGH, "bad");
        for (int i = 0; i < 3; i++) {
            HeldMessage<String> bad = poll();
            assertThat(bad.id()).isEqualTo("bad");
            ready.putBack(bad, true);
        }
        add(0, "low");
        assertThat(pollAll()).containsExactly("low", "bad");
    }

    @Test
    void whatIsLostIsTakenOutOfEveryLevelAndGivesItsRoomToOthers() {
        add(HIGH, "tried", "high");
        add(0, "low-1", "low-2");
        ready.putBack(poll(), true);
        lost.addAll(List.of("tried", "low-1"));
        assertThat(ready.takeLost()).extracting(HeldMessage::id).containsExactly("low-1", "tried");
        assertThat(ready.size()).isEqualTo(2);
        assertThat(ready.size(0)).isEqualTo(1);
        assertThat(ready.size(HIGH)).isEqualTo(1);
        assertThat(pollAll()).containsExactly("high", "low-2");
        assertThat(ready.takeLost()).isEmpty();
    }

    @Test
    void allGoBackInTheirOrder() {
        add(0, "low");
        add(HIGH, "tried", "high-1", "high-2");
        ready.putBack(poll(), true);
        List<HeldMessage<String>> back = new ArrayList<>();
        ready.drainTo(back);
        assertThat(back).extracting(HeldMessage::id).containsExactly("high-1", "high-2", "low", "tried");
        assertThat(ready.size()).isZero();
        assertThat(ready.size(HIGH)).isZero();
        assertThat(ready.poll()).isNull();
    }

    @Test
    void whatWasDelayedWhereTheBrokerKeepsTheLevelsAndCannotBeReadIsOfTheHighest() {
        lanes = Lanes.of(lanes.first().queue(), STRICT, STRICT.levels());
        ready = new LevelReady<>(lanes, time::nanos);
        ready.add(message("low", 0, time.epochMillis()));
        Envelope cut = new Envelope("unreadable", null, null, 0, Map.of(CoreHeaders.PRIORITY, "?"), new byte[0]);
        Lane due = open.computeIfAbsent(-1, any -> lane(lanes.again(lanes.first(), true)));
        ready.add(new HeldMessage<>(new Received(cut, lost), due));
        Map<String, String> headers = Map.of(CoreHeaders.PRIORITY, Integer.toString(HIGH));
        ready.add(message(new Envelope("high", null, null, time.epochMillis(), headers, new byte[0]), HIGH));
        assertThat(ready.size(1)).isEqualTo(1);
        assertThat(pollAll()).containsExactly("unreadable", "high", "low");
    }

    @Test
    void whoseTimeOfSendingIsUnknownOrAheadRisesSinceItCame() {
        follow(STRICT.aging(Duration.ofSeconds(1)));
        ready.add(message("unknown", 0, 0));
        ready.add(message("ahead", 0, time.epochMillis() + 60_000));
        ready.add(message("known", 0, time.epochMillis()));
        time.advance(Duration.ofSeconds(3));
        add(HIGH, "high");
        assertThat(pollAll()).containsExactly("unknown", "ahead", "known", "high");
    }

    @Test
    void whoWasToWaitRisesSinceItWasDue() {
        follow(STRICT.aging(Duration.ofSeconds(1)));
        long now = time.epochMillis();
        Envelope sentLongAgo = new Envelope("low", null, null, now - 1_000_000, Map.of(), new byte[0]);
        ready.add(message(CoreHeaders.since(sentLongAgo, now), 0));
        time.advance(Duration.ofSeconds(1));
        add(HIGH, "high");
        assertThat(pollAll()).containsExactly("high", "low");
    }
}
