package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.Capability;
import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.ResourceLockTarget;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all chapters of the suite share: an open Waybill, queues of its own for each test, and patience. */
@ResourceLock(value = Chapter.BROKER, mode = ResourceAccessMode.READ, target = ResourceLockTarget.CHILDREN)
abstract class Chapter {
    /** What a rule that restarts the broker or cuts its connections locks for itself. */
    static final String BROKER = "the broker under test";

    private static final Logger LOG = LoggerFactory.getLogger(Chapter.class);
    private static final AtomicLong NUMBER = new AtomicLong(System.currentTimeMillis());

    static {
        StandstillWatch.start();
    }

    /** Rules run side by side: says which lines of the output belong to one that failed. */
    @RegisterExtension
    final TestWatcher names = new TestWatcher() {
        @Override
        public void testFailed(ExtensionContext test, Throwable cause) {
            LOG.warn("rule failed: {} with {}", test.getDisplayName(), used);
        }
    };

    private final List<String> used = new CopyOnWriteArrayList<>();
    private final Deque<Waybill> opened = new ArrayDeque<>();
    Waybill waybill;

    /** The broker under test. */
    protected abstract BrokerHarness harness();

    @BeforeEach
    void open() {
        waybill = another();
    }

    @AfterEach
    void close() {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    /** Another Waybill on the same broker, as another process would have. */
    Waybill another() {
        return another(harness().config());
    }

    Waybill another(WaybillConfig config) {
        Waybill more = Waybill.open(config.with("waybill.consumer.drain-timeout", "5s"));
        opened.push(more);
        return more;
    }

    String newName() {
        String name = "tck-" + Long.toString(NUMBER.incrementAndGet(), 36);
        used.add(name);
        return name;
    }

    /** A queue that no other test uses. */
    Queue.Builder<String> newQueue() {
        return Queue.named(newName(), Codec.text())
                .maxDeliveries(3)
                .lockDuration(
                        Duration.ofSeconds(30).compareTo(harness().shortLock()) > 0
                                ? Duration.ofSeconds(30)
                                : harness().shortLock());
    }

    void needs(Capability capability) {
        assumeTrue(
                waybill.capabilities().has(capability),
                () -> capability + " is unsupported: "
                        + waybill.capabilities().support(capability).note());
    }

    boolean has(Capability capability) {
        return waybill.capabilities().has(capability);
    }

    ConditionFactory await() {
        return Awaitility.await().atMost(harness().patience()).pollInterval(Duration.ofMillis(10));
    }

    /** Checks that something stays as it is for a while. */
    void stays(String what, org.assertj.core.api.ThrowableAssert.ThrowingCallable check) {
        Awaitility.await(what)
                .pollInterval(Duration.ofMillis(25))
                .during(harness().quiet())
                .atMost(harness().quiet().plusSeconds(5))
                .untilAsserted(() -> check.call());
    }

    /** Sends so many and waits until all are stored; their ids are in the ledger. */
    List<Message<String>> send(Producer<String> producer, int count, IntFunction<String> payload, Ledger ledger) {
        List<Message<String>> messages = new ArrayList<>(count);
        List<CompletableFuture<Void>> sends = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            Message<String> message = Message.of(payload.apply(i));
            messages.add(message);
            ledger.sent(message.id());
            sends.add(producer.send(message));
        }
        CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
        return messages;
    }

    void awaitAllSeen(Ledger ledger) {
        await().untilAsserted(
                        () -> assertThat(ledger.lost()).as("%s; lost", ledger).isEmpty());
    }

    static void assertNoUnflaggedDuplicates(Ledger ledger) {
        assertThat(ledger.unflaggedDuplicates())
                .as("%s; duplicates without a redelivery flag", ledger)
                .isEmpty();
    }
}
