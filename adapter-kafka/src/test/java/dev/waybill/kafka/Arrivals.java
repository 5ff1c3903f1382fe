package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Accepts all that comes through some receivers, and notes when. */
final class Arrivals implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Arrivals.class.getName());

    private final Collection<Arrival> all = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closed;

    @Nullable
    private volatile RuntimeException failure;

    /** What came, and when. */
    record Arrival(Inbound message, long nanos) {
        String id() {
            return message.envelope().id();
        }
    }

    Arrivals(Receiver... receivers) {
        for (Receiver receiver : receivers) {
            Thread thread = new Thread(() -> receive(receiver), "arrivals");
            threads.add(thread);
            thread.start();
        }
    }

    private void receive(Receiver receiver) {
        try {
            while (!closed) {
                List<Inbound> received = receiver.receive(500, Duration.ofMillis(100));
                long now = System.nanoTime();
                received.forEach(message -> all.add(new Arrival(message, now)));
                receiver.settle(received.stream()
                        .map(message -> new Holding(message, Held.Disposition.ACCEPT))
                        .toList());
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failed) {
            failure = failed;
        }
    }

    Collection<Arrival> all() {
        return all;
    }

    /** A receiver that has failed brings nothing more, which core would replace. */
    void assertReceiving() {
        assertThat(failure).as("what ended a receiver").isNull();
    }

    void await(int count, Duration within) {
        Awaitility.await().atMost(within).pollInterval(Duration.ofMillis(20)).untilAsserted(() -> {
            assertReceiving();
            assertThat(all.size()).isGreaterThanOrEqualTo(count);
        });
    }

    /** Each of these once, and nothing else. */
    void assertEachOnce(Collection<Sent> sent) {
        assertThat(all)
                .extracting(Arrival::id)
                .containsExactlyInAnyOrderElementsOf(
                        sent.stream().map(one -> one.envelope.id()).toList());
    }

    void assertUnflagged() {
        assertThat(all).allSatisfy(arrival -> {
            assertThat(arrival.message().redelivered()).as("%s", arrival).isFalse();
            assertThat(arrival.message().deliveryCount()).isEqualTo(1);
        });
    }

    /** None early, nine of ten within that time, and none much later: a machine that has other things to do makes one or the other wait. */
    void assertInTime(String what, Collection<Sent> sent, Duration late) {
        long[] lateness = lateness(sent);
        LOG.log(System.Logger.Level.INFO, "{0}: ms late {1}", what, Arrays.toString(lateness));
        assertThat(lateness[0]).as("ms late, the earliest").isGreaterThanOrEqualTo(0);
        assertThat(lateness[lateness.length * 9 / 10])
                .as("ms late, the last of nine of ten")
                .isLessThan(late.toMillis());
        assertThat(lateness[lateness.length - 1])
                .as("ms late, the latest")
                .isLessThan(late.multipliedBy(5).toMillis());
    }

    void assertNoneEarly(Collection<Sent> sent) {
        assertThat(lateness(sent)[0]).as("ms late, the earliest").isGreaterThanOrEqualTo(0);
    }

    /** In order. */
    private long[] lateness(Collection<Sent> sent) {
        Map<String, Sent> byId = new HashMap<>();
        sent.forEach(one -> byId.put(one.envelope.id(), one));
        return all.stream()
                .mapToLong(arrival -> {
                    Sent one = byId.get(arrival.id());
                    return Math.floorDiv(arrival.nanos() - one.handedOver, 1_000_000L) - one.delayMillis();
                })
                .sorted()
                .toArray();
    }

    List<String> ids() {
        return all.stream().map(Arrival::id).toList();
    }

    /** The ids of what came as new. */
    List<String> unflagged() {
        return all.stream()
                .filter(arrival -> !arrival.message().redelivered())
                .map(Arrival::id)
                .toList();
    }

    /** As which records each message came. */
    Map<String, Set<Long>> offsets() {
        Map<String, Set<Long>> offsets = new HashMap<>();
        for (Arrival arrival : all) {
            offsets.computeIfAbsent(arrival.id(), any -> new HashSet<>())
                    .add(((KafkaInbound) arrival.message()).record().offset());
        }
        return offsets;
    }

    @Override
    public void close() {
        closed = true;
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
