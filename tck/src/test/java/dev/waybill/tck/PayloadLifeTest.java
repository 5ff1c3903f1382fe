package dev.waybill.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.OutcomeHandler;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadCollector;
import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.inmemory.InMemoryInspection;
import dev.waybill.tck.broken.BrokenPayloadStore;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import org.awaitility.Awaitility;

/**
 * Payloads through random histories of sends, failures, dead letters, redrives, purges, copies, deaths and
 * collections: none that a message needs is
 * deleted, and in the end none is left but those of which nobody can know.
 */
@Tag("once")
class PayloadLifeTest {

    /** What happens next. */
    enum Step {
        SEND,
        SEND_AND_DIE_BEFORE_THE_MESSAGE,
        SEND_TWICE,
        HANDLE,
        HANDLE_AND_DIE_BEFORE_THE_DELETION,
        HANDLE_AND_DIE_BEFORE_THE_ACKNOWLEDGEMENT,
        HANDLE_WHILE_THE_STORE_TAKES_NO_NOTE,
        FAIL,
        REDRIVE,
        PURGE,
        COLLECT
    }

    @Provide
    Arbitrary<List<Step>> histories() {
        return Arbitraries.of(Step.class).list().ofMinSize(4).ofMaxSize(12);
    }

    @Property(tries = 10)
    void whatIsNeededStaysAndWhatIsNotGoes(@ForAll("histories") List<Step> history) {
        History run = new History();
        try {
            history.forEach(run::step);
            run.end();
        } finally {
            run.close();
        }
    }

    private static final class History {
        private static final Duration PATIENCE = Duration.ofSeconds(10);
        private static final CircuitBreakerConfig QUICK = CircuitBreakerConfig.custom()
                .slidingWindowSize(4)
                .minimumNumberOfCalls(2)
                .permittedNumberOfCallsInHalfOpenState(1)
                .waitDurationInOpenState(Duration.ofMillis(20))
                .build();

        private final Store store = new Store();
        private final ClaimCheck check = ClaimCheck.in(store).threshold(10).build();
        private final String name = "life-" + UUID.randomUUID();
        private final String broker = "in-memory:" + name;
        private final Queue<String> queue = Queue.named(name, Codec.text())
                .maxDeliveries(5)
                .lockDuration(Duration.ofSeconds(1))
                .retry(RetryPolicy.immediate())
                .claimCheck(check)
                .build();
        private final Map<String, Integer> handled = new ConcurrentHashMap<>();
        private final Map<String, String> sent = new HashMap<>();
        private final Set<String> purged = new HashSet<>();
        private final Waybill waybill = open();
        private int orphans;
        private int withoutNote;

        private Waybill open() {
            Waybill opened =
                    Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", broker)));
            // Else each message that meets a store in trouble waits two seconds for the breaker's next trial.
            opened.circuitBreakers().circuitBreaker("payload-store-" + store.name(), QUICK);
            return opened;
        }

        void step(Step step) {
            switch (step) {
                case SEND -> send(1);
                case SEND_TWICE -> send(2);
                case SEND_AND_DIE_BEFORE_THE_MESSAGE -> {
                    try {
                        store.write(name + "/" + UUID.randomUUID(), out -> out.write(new byte[20]));
                        orphans++;
                    } catch (IOException impossible) {
                        throw new IllegalStateException(impossible);
                    }
                }
                case HANDLE -> handle(Outcome.accept());
                case FAIL -> handle(Outcome.deadLetter("no"));
                case HANDLE_AND_DIE_BEFORE_THE_DELETION -> {
                    store.deletes = false;
                    handle(Outcome.accept());
                    store.deletes = true;
                }
                case HANDLE_WHILE_THE_STORE_TAKES_NO_NOTE -> {
                    store.notes = false;
                    store.deletes = false;
                    withoutNote += handle(Outcome.accept());
                    store.notes = true;
                    store.deletes = true;
                }
                case HANDLE_AND_DIE_BEFORE_THE_ACKNOWLEDGEMENT -> handle(this::noteAndReturn);
                case REDRIVE -> {
                    if (waybill.deadLetters(queue).count() > 0) {
                        waybill.deadLetters(queue)
                                .redrive(DeadLetterFilter.all())
                                .run();
                    }
                }
                case PURGE -> purge();
                case COLLECT -> PayloadCollector.of(check).run();
            }
        }

        /** One process purges all dead letters, and ends. */
        private void purge() {
            try (Waybill process = open()) {
                List<DeadLetter> letters = process.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 100);
                letters.forEach(letter -> purged.add(letter.id()));
                assertThat(process.deadLetters(queue).purgeWithPayloads(DeadLetterFilter.all(), letters.size()))
                        .isEqualTo(letters.size());
            }
        }

        private void send(int copies) {
            String id = UUID.randomUUID().toString();
            String payload = "payload of " + id;
            sent.put(id, payload);
            for (int i = 0; i < copies; i++) {
                try {
                    waybill.producer(queue)
                            .send(Message.with(payload).id(id).build())
                            .join();
                } catch (CompletionException failed) {
                    throw (SendException) failed.getCause();
                }
            }
        }

        /** One process handles what is there, and dies; tells how much that was. */
        private int handle(Outcome outcome) {
            return handle(delivery -> {
                if (outcome.kind() == Outcome.Kind.ACCEPT) {
                    handled.merge(delivery.id(), 1, Integer::sum);
                }
                return outcome;
            });
        }

        /** The work is done, and noted; then the process dies, and the message comes again. */
        private Outcome noteAndReturn(Delivery<String> delivery) throws IOException {
            handled.merge(delivery.id(), 1, Integer::sum);
            store.note(delivery.payload());
            return Outcome.release();
        }

        private int handle(OutcomeHandler<String> handler) {
            AtomicInteger count = new AtomicInteger();
            do {
                handle(handler, count);
                // What was in hand and not begun when it ended is in the queue again.
            } while (waybill.depth(queue) > 0);
            return count.get();
        }

        private void handle(OutcomeHandler<String> handler, AtomicInteger count) {
            try (Waybill process = open()) {
                InMemoryInspection look =
                        process.unwrap(InMemoryInspection.class).orElseThrow();
                Subscription subscription = process.consumer(queue).startReturning(delivery -> {
                    assertThat(delivery.payload()).isEqualTo(sent.get(delivery.id()));
                    count.incrementAndGet();
                    return handler.handle(delivery);
                });
                Awaitility.await()
                        .atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(2))
                        // What is held and not handled would go back; two copies are handled by one process or by
                        // another.
                        .until(() -> look.depth(name) == 0 && look.held(name) == 0);
                subscription.close();
            }
        }

        void end() {
            handle(Outcome.accept());
            // Of letters with one id a redrive moves one.
            for (int i = 0; i < 2 * sent.size() && waybill.deadLetters(queue).count() > 0; i++) {
                waybill.deadLetters(queue).redrive(DeadLetterFilter.all()).run();
                handle(Outcome.accept());
            }
            assertThat(waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 100))
                    .extracting(DeadLetter::reason)
                    .isEmpty();
            assertThat(sent.keySet()).containsAll(handled.keySet());
            assertThat(handled.keySet())
                    .containsAll(sent.keySet().stream()
                            .filter(id -> !purged.contains(id))
                            .toList());
            PayloadCollector.Report report =
                    PayloadCollector.of(check).keepNotes(Duration.ZERO).run();
            PayloadCollector.of(check).keepNotes(Duration.ZERO).run();
            assertThat(report.needed()).isEqualTo(orphans + withoutNote);
            assertThat(store.list("", 10_000)).hasSize(orphans + withoutNote);
        }

        void close() {
            waybill.close();
        }
    }

    /** A store that may take no notes, and delete nothing. */
    private static final class Store implements PayloadStore {
        private final PayloadStore working = new BrokenPayloadStore(null);
        private volatile boolean notes = true;
        private volatile boolean deletes = true;

        /** Notes that the message of a payload is done. */
        void note(String payload) throws IOException {
            for (StoredPayload stored : working.list("", 10_000)) {
                try (InputStream in = working.read(stored.key())) {
                    if (new String(in.readAllBytes(), UTF_8).equals(payload)) {
                        working.write(stored.key() + ClaimCheck.DONE, out -> {});
                    }
                } catch (PayloadMissingException deleted) {
                    throw new IllegalStateException(deleted);
                }
            }
        }

        @Override
        public String name() {
            return "life";
        }

        @Override
        public boolean write(String key, Content content) throws IOException {
            if (!notes && key.endsWith(ClaimCheck.DONE)) {
                throw new PayloadStoreException("no notes now", null);
            }
            return working.write(key, content);
        }

        @Override
        public InputStream read(String key) throws PayloadMissingException {
            return working.read(key);
        }

        @Override
        public boolean exists(String key) {
            return working.exists(key);
        }

        @Override
        public void delete(List<String> keys) {
            if (!deletes) {
                throw new PayloadStoreException("nothing is deleted now", null);
            }
            working.delete(keys);
        }

        @Override
        public List<StoredPayload> list(String after, int limit) {
            return working.list(after, limit);
        }
    }
}
