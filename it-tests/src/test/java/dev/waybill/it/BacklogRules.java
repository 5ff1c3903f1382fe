package dev.waybill.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.PriorityPolicy;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * Priorities with a backlog of low messages: how long a high one waits for its handler. With {@code -Dwaybill.it.backlog=100000} the
 * backlog is as large as decision 0011 tells of, and the longest wait counts too: so nothing else should keep the machine busy then.
 */
abstract class BacklogRules {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int HANDLERS = 4;
    private static final long HANDLER_MILLIS = 100;
    private static final int HIGH = 2;
    private static final int MEASURED = 50;
    private static final int AT_ONCE = 500;
    private static final int LATE = 40;

    abstract ServerUnderTest site();

    @Test
    void aHighMessageWaitsForAHandlerOnlyHoweverManyLowOnesWaitWhenStrict() throws Exception {
        backlog("strict", PriorityPolicy.strict(HIGH + 1));
    }

    @Test
    void aHighMessageWaitsForAHandlerOnlyHoweverManyLowOnesWaitInLanes() throws Exception {
        // So long that no message of the backlog rises.
        backlog("aging", PriorityPolicy.strict(HIGH + 1).aging(Duration.ofHours(1)));
    }

    @Test
    void aLowMessageWaitsForItsBoundHoweverManyHighOnesComeAndWithoutAgingItStarves() {
        Duration bound = Duration.ofSeconds(1);
        PriorityPolicy strict = PriorityPolicy.strict(2);
        int handlerMillis = site().slow() ? 400 : 40;
        try (Waybill waybill = Waybill.open(site().config())) {
            Flood starving = new Flood(waybill, strict, bound, handlerMillis);
            Flood aging = new Flood(waybill, strict.aging(bound), bound, handlerMillis);
            List<Flood> floods = List.of(starving, aging);
            floods.forEach(Flood::begin);
            floods.forEach(flood -> flood.flow(LATE));
            floods.forEach(Flood::runDry);
            Report.line(
                    "flood on %s: high messages that were sent after the bound of a low one and went before it: strict %d, aging %d"
                            .formatted(site().server().product(), starving.latesBeforeALow(), aging.latesBeforeALow()));
            assertThat(starving.latesBeforeALow()).as("strict").isGreaterThanOrEqualTo(LATE);
            assertThat(aging.latesBeforeALow()).as("with aging").isZero();
        }
    }

    private void backlog(String name, PriorityPolicy policy) throws Exception {
        Queue<String> queue = Queue.named("backlog-" + Long.toString(System.nanoTime(), 36), Codec.text())
                .priorities(policy)
                .build();
        Integer asked = Integer.getInteger("waybill.it.backlog");
        int backlog = asked != null ? asked : site().slow() ? 1_000 : 10_000;
        List<Long> waits = new CopyOnWriteArrayList<>();
        AtomicInteger low = new AtomicInteger();
        try (Waybill waybill = Waybill.open(site().config())) {
            Producer<String> producer = waybill.producer(queue);
            waybill.consumer(queue).concurrency(HANDLERS).start(delivery -> {
                if (delivery.priority() == HIGH) {
                    waits.add(System.currentTimeMillis() - delivery.sentAtMillis());
                } else {
                    low.incrementAndGet();
                }
                TimeUnit.MILLISECONDS.sleep(HANDLER_MILLIS);
            });
            // After the start of everything that the first ones have to start.
            measure(producer, waits, 10, () -> {});
            List<Long> fetches = measure(producer, waits, MEASURED, () -> {});
            for (int sent = 0; sent < backlog; sent += AT_ONCE) {
                List<CompletableFuture<Void>> sends = new ArrayList<>();
                for (int i = 0; i < AT_ONCE; i++) {
                    sends.add(producer.send("low"));
                }
                CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
            }
            // High ones that follow each other more closely than handlers end leave the low ones nothing, which is as
            // it should be.
            List<Long> behind = measure(producer, waits, MEASURED, () -> awaitMore(low));
            Report.line(
                    "backlog \"%s\" on %s: %d low messages wait, %d handlers of %d ms; a high one waits for its handler at p50 %d, p99 %d ms; without the backlog %d, %d ms"
                            .formatted(
                                    name,
                                    site().server().product(),
                                    backlog - low.get(),
                                    HANDLERS,
                                    HANDLER_MILLIS,
                                    part(behind, 50),
                                    part(behind, 99),
                                    part(fetches, 50),
                                    part(fetches, 99)));
            assertThat(backlog - low.get()).as("low messages that still wait").isGreaterThan(backlog / 4);
            // Of a machine that has other things to do, the median.
            int percent = asked != null ? 99 : 50;
            assertThat(part(behind, percent))
                    .as("wait at p%s", percent)
                    .isLessThanOrEqualTo(2 * HANDLER_MILLIS + part(fetches, percent));
        }
    }

    /** The waits of some high messages, each sent when the one before is being handled, and after something else. */
    private static List<Long> measure(Producer<String> producer, List<Long> waits, int messages, Runnable beforeEach) {
        waits.clear();
        for (int sent = 1; sent <= messages; sent++) {
            beforeEach.run();
            producer.send(Message.with("high").priority(HIGH).build()).join();
            int expected = sent;
            soon(() -> waits.size() == expected);
        }
        return List.copyOf(waits);
    }

    private static void awaitMore(AtomicInteger count) {
        int before = count.get();
        soon(() -> count.get() > before);
    }

    private static void soon(Callable<Boolean> condition) {
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(condition);
    }

    private static long part(List<Long> waits, int percent) {
        List<Long> sorted = waits.stream().sorted().toList();
        return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }
}
