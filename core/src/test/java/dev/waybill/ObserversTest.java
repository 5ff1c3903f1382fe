package dev.waybill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What observers are told, do to messages, and cannot do to each other. */
class ObserversTest {
    private final WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", "in-memory"));
    private final Queue<String> queue = Queue.named("orders", Codec.text())
            .maxDeliveries(2)
            .retry(RetryPolicy.immediate().deadLetterOn(IllegalArgumentException.class))
            .build();
    private final List<String> told = new CopyOnWriteArrayList<>();

    /** Adds headers, and says what it is told. */
    private final class Following implements WaybillObserver {
        private final String name;
        private final Map<String, String> headers;

        Following(String name, Map<String, String> headers) {
            this.name = name;
            this.headers = headers;
        }

        @Override
        public Sending sending(String broker, String queue, Message<?> message, int bodyBytes) {
            told.add(name + " sending " + broker + " " + queue + " " + bodyBytes);
            return new Sending() {
                @Override
                public Map<String, String> headers() {
                    return headers;
                }

                @Override
                public void ended(@Nullable Throwable failure) {
                    told.add(name + " sent "
                            + (failure == null ? "well" : failure.getClass().getSimpleName()));
                }
            };
        }

        @Override
        public Handling handling(String broker, String queue, List<? extends Delivery<?>> deliveries) {
            told.add(name + " handling " + broker + " " + queue + " " + deliveries.size());
            Thread thread = Thread.currentThread();
            return (outcomes, failure) -> {
                assertThat(Thread.currentThread()).isSameAs(thread);
                told.add(name + " handled " + outcomes + " " + failure);
            };
        }
    }

    /** Fails at everything. */
    private static final class Broken implements WaybillObserver {
        @Override
        public Sending sending(String broker, String queue, Message<?> message, int bodyBytes) {
            throw new IllegalStateException("broken");
        }

        @Override
        public Handling handling(String broker, String queue, List<? extends Delivery<?>> deliveries) {
            throw new IllegalStateException("broken");
        }

        @Override
        public void sent(String queue, boolean stored, long nanos) {
            throw new IllegalStateException("broken");
        }

        @Override
        public void received(String queue, int count) {
            throw new IllegalStateException("broken");
        }
    }

    @Test
    void allAreToldInTheirOrderAndWhatBeganLastEndsFirst() {
        WaybillConfig observed = config.observer(new Following("a", Map.of("trace", "a", "only-a", "1")))
                .observer(new Broken())
                .observer(WaybillObserver.NONE)
                .observer(new Following("b", Map.of("trace", "b", "only-b", "2", "tenant", "b")));
        CompletableFuture<Map<String, String>> headers = new CompletableFuture<>();
        try (Waybill waybill = Waybill.open(observed)) {
            waybill.producer(queue)
                    .sendAndWait(Message.with("1234").header("tenant", "acme").build());
            await().untilAsserted(() -> assertThat(told).hasSize(4));
            waybill.consumer(queue).start(delivery -> headers.complete(delivery.headers()));
            await().untilAsserted(() -> assertThat(told).hasSize(8));
        }
        assertThat(headers.join())
                .as("what the application set stays, and who comes first wins")
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("trace", "a", "only-a", "1", "only-b", "2", "tenant", "acme"));
        assertThat(told)
                .containsExactly(
                        "a sending in-memory orders 4",
                        "b sending in-memory orders 4",
                        "a sent well",
                        "b sent well",
                        "a handling in-memory orders 1",
                        "b handling in-memory orders 1",
                        "b handled [ACCEPT] null",
                        "a handled [ACCEPT] null");
    }

    @Test
    void aSendThatFailsEndsToo() {
        try (Waybill waybill = Waybill.open(config.observer(new Following("a", Map.of())))) {
            Producer<String> producer = waybill.producer(queue);
            producer.close();
            assertThat(producer.send("m")).isCompletedExceptionally();
            await().untilAsserted(() -> assertThat(told).endsWith("a sent SendException"));
        }
    }

    @Test
    void whatIsNotSentIsNotTold() {
        Codec<String> refusing = new Codec<>() {
            @Override
            public byte[] encode(String payload) {
                throw new IllegalStateException("not this one");
            }

            @Override
            public String decode(byte[] body) {
                throw new IllegalStateException("nor that");
            }

            @Override
            public String contentType() {
                return "text/refused";
            }
        };
        try (Waybill waybill = Waybill.open(config.observer(new Following("a", Map.of())))) {
            Producer<String> producer =
                    waybill.producer(Queue.named("refused", refusing).build());
            assertThat(producer.sendAll(List.of(Message.of("m"))).join())
                    .singleElement()
                    .satisfies(result -> assertThat(result.failure()).isInstanceOf(CodecException.class));
            assertThat(told).isEmpty();
        }
    }

    /** The name of a header of Waybill's own would make it do things. */
    @Test
    void aHeaderThatIsNotAllowedIsLeftOut() {
        WaybillConfig observed = config.observer(new Following("a", Map.of("waybill-due", "4000000000000")));
        List<Map<String, String>> seen = new CopyOnWriteArrayList<>();
        try (Waybill waybill = Waybill.open(observed)) {
            waybill.consumer(queue).start(delivery -> seen.add(delivery.headers()));
            waybill.producer(queue).sendAndWait("m");
            await().untilAsserted(() -> assertThat(seen).containsExactly(Map.of()));
        }
    }

    @Test
    void aBatchIsFollowedAsOneCallAndDeadLettersBySourceOfTheirOwn() {
        try (Waybill waybill = Waybill.open(config.observer(new Following("a", Map.of())))) {
            for (int i = 0; i < 3; i++) {
                waybill.producer(queue).sendAndWait("m" + i);
            }
            await().untilAsserted(() -> assertThat(told).hasSize(6));
            told.clear();
            waybill.consumer(queue)
                    .startBatch(
                            3, deliveries -> List.of(Outcome.accept(), Outcome.release(), Outcome.deadLetter("no")));
            await().untilAsserted(() -> assertThat(told)
                    .startsWith("a handling in-memory orders 3", "a handled [ACCEPT, RELEASE, DEAD_LETTER: no] null"));
            waybill.deadLetterConsumer(queue).start(letter -> {});
            await().untilAsserted(() -> assertThat(told).contains("a handling in-memory orders (dead letters) 1"));
        }
    }

    @Test
    void aDeathTellsWhatAnAlertNeeds() {
        List<Death> deaths = new CopyOnWriteArrayList<>();
        WaybillObserver alerting = new WaybillObserver() {
            @Override
            public void deadLettered(Death death) {
                deaths.add(death);
            }
        };
        Message<String> poison = Message.with("poison").key("k-1").build();
        Message<String> hopeless = Message.of("hopeless");
        Message<String> unwanted = Message.of("unwanted");
        Message<byte[]> garbage = Message.of(new byte[] {1});
        try (Waybill waybill = Waybill.open(config.observer(alerting))) {
            waybill.consumer(queue).startReturning(delivery -> switch (delivery.payload()) {
                case "poison" -> throw new IllegalStateException("never");
                case "hopeless" -> throw new IllegalArgumentException("nonsense");
                default -> Outcome.deadLetter("nobody wants it");
            });
            waybill.producer(queue).sendAndWait(poison);
            waybill.producer(queue).sendAndWait(hopeless);
            waybill.producer(queue).sendAndWait(unwanted);
            Queue<Integer> numbers =
                    Queue.named("numbers", Codec.json(Integer.class)).build();
            waybill.producer(Queue.named("numbers", Codec.bytes()).build()).sendAndWait(garbage);
            waybill.consumer(numbers).start(delivery -> {});
            await().untilAsserted(() -> assertThat(deaths).hasSize(4));
        }
        String never = "delivery 2 of 2 failed: java.lang.IllegalStateException: never";
        String nonsense = "not worth another delivery: java.lang.IllegalArgumentException: nonsense";
        assertThat(deaths)
                .contains(
                        new Death(
                                "orders",
                                poison.id(),
                                Optional.of("k-1"),
                                Death.Cause.MAX_DELIVERIES,
                                never,
                                Optional.of("java.lang.IllegalStateException"),
                                2),
                        new Death(
                                "orders",
                                hopeless.id(),
                                Optional.empty(),
                                Death.Cause.NOT_RETRYABLE,
                                nonsense,
                                Optional.of("java.lang.IllegalArgumentException"),
                                1),
                        new Death(
                                "orders",
                                unwanted.id(),
                                Optional.empty(),
                                Death.Cause.REJECTED,
                                "nobody wants it",
                                Optional.empty(),
                                1))
                .filteredOn(death -> death.queue().equals("numbers"))
                .singleElement()
                .satisfies(death -> {
                    assertThat(death.messageId()).isEqualTo(garbage.id());
                    assertThat(death.cause()).isEqualTo(Death.Cause.UNREADABLE);
                    assertThat(death.error()).isPresent();
                });
    }
}
